import type { Validator } from '../lib/validator.ts'
import { ACCOUNT_PAGES, type AccountPage } from '../model/account-page.ts'
import { DEVICE_GRANT } from '../model/device-code.ts'
import type { GrantSettings } from './grants.ts'
import type { PersonalTokenSettings } from './personal-tokens.ts'
import type { UserAppSettings } from './user-apps.ts'

/** The pages on which users sign in and manage their account. */
export interface AccountSettings {
  /** In the order of their navigation. */
  readonly accountPages: readonly AccountPage[]
  /** Whether users sign in on our own pages. */
  readonly hasSignInPages: boolean
}

/** What decides which account pages are available. */
interface Features extends Pick<GrantSettings, 'grants'> {
  readonly personalTokens: PersonalTokenSettings | undefined
  readonly userApps: UserAppSettings | undefined
  readonly passwordProviders: ReadonlySet<string>
}

/** The option that a page needs and that is off; undefined if nothing is missing. */
const MISSING_OPTION: Readonly<Record<AccountPage, (features: Features) => string | undefined>> = {
  devices: () => undefined,
  password: ({ passwordProviders }) =>
    passwordProviders.size === 0 ? 'setPassword of a user provider' : undefined,
  apps: () => undefined,
  tokens: ({ personalTokens }) => (personalTokens === undefined ? 'personalTokens: {}' : undefined),
  developer: ({ userApps }) => (userApps === undefined ? 'userApps: {}' : undefined),
}

const isAvailable = (page: AccountPage, features: Features): boolean =>
  MISSING_OPTION[page](features) === undefined

/** The grants for which users sign in on our pages. */
const PAGE_GRANTS = ['authorization_code', 'implicit', DEVICE_GRANT] as const

/** Checks the option `accountPages`. */
export function resolveAccountPages(
  listed: readonly AccountPage[] | undefined,
  features: Features,
  validator: Validator,
): AccountSettings {
  const needsSignIn =
    features.personalTokens !== undefined ||
    features.userApps !== undefined ||
    PAGE_GRANTS.some((type) => features.grants.has(type))
  for (const [index, page] of (listed ?? []).entries()) {
    const problem = problemOf(page, features)
    if (problem !== undefined) validator.problem(`accountPages[${index}]`, problem)
  }
  const defaults = needsSignIn ? ACCOUNT_PAGES.filter((page) => isAvailable(page, features)) : []
  const accountPages = listed ? ACCOUNT_PAGES.filter((page) => listed.includes(page)) : defaults
  return { accountPages, hasSignInPages: needsSignIn || accountPages.length > 0 }
}

/** Returns the account pages that the users of one provider have. */
export const accountPagesOf = (
  { accountPages, passwordProviders }: Pick<AccountSettings & Features, 'accountPages' | 'passwordProviders'>,
  provider: string,
): readonly AccountPage[] =>
  accountPages.filter((page) => page !== 'password' || passwordProviders.has(provider))

function problemOf(page: AccountPage, features: Features): string | undefined {
  if (!ACCOUNT_PAGES.includes(page))
    return `must be ${ACCOUNT_PAGES.map((known) => `'${known}'`).join(' or ')}`
  const option = MISSING_OPTION[page](features)
  return option === undefined ? undefined : `needs the option ${option}`
}
