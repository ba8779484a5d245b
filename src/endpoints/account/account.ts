import { accountPagesOf } from '../../config/account-pages.ts'
import { OAuthError } from '../../errors.ts'
import { redirect, type HttpResponse } from '../../lib/http.ts'
import type { AccountPage } from '../../model/account-page.ts'
import type { AccountProps } from '../../pages/props.ts'
import { displayNameOf } from '../../users/provider.ts'
import type { Exchange } from '../endpoint.ts'
import { providerPathsOf, type ProviderPaths } from '../paths.ts'
import type { Services } from '../services.ts'
import type { SignedInUser } from './signed-in-user.ts'

const PATHS: Readonly<Record<AccountPage, keyof ProviderPaths>> = {
  devices: 'devicesPage',
  password: 'passwordPage',
  apps: 'appsPage',
  tokens: 'tokensPage',
  developer: 'developerPage',
}

/** GET: redirects to the first account page, which sends guests through sign-in. */
export function showAccount({ services }: Exchange, provider: string): HttpResponse {
  const [first] = availablePages(services, provider)
  if (first === undefined) throw new OAuthError('not_found', 'There are no account pages')
  return redirect(providerPathsOf(services.settings, provider)[PATHS[first]])
}

/** Asks the provider itself, because a factory is called only when the server starts. */
export const canChangePassword = ({ userDirectory }: Services, provider: string): boolean =>
  userDirectory.provider(provider).setPassword !== undefined

/** Throws `not_found` if a provider cannot change passwords. */
export function requirePasswordChange(services: Services, provider: string): void {
  if (!canChangePassword(services, provider))
    throw new OAuthError('not_found', 'Passwords cannot be changed here')
}

/** A provider that is created when the server starts may turn out to have no `setPassword`. */
const availablePages = (services: Services, provider: string): readonly AccountPage[] =>
  accountPagesOf(services.settings, provider).filter(
    (page) => page !== 'password' || canChangePassword(services, provider),
  )

/** Returns the page of connected apps, if it is on. */
export const appsUrlOf = (services: Services, provider: string): { readonly appsUrl?: string } =>
  availablePages(services, provider).includes('apps')
    ? { appsUrl: providerPathsOf(services.settings, provider).appsPage }
    : {}

/** Returns what an account page shows around its content. */
export function accountProps(
  { services }: Exchange,
  { session, user }: SignedInUser,
  current: AccountPage,
): AccountProps {
  const paths = providerPathsOf(services.settings, session.provider)
  return {
    userName: displayNameOf(user),
    signOutUrl: paths.signOut,
    accountPages: availablePages(services, session.provider).map((page) => ({
      page,
      url: paths[PATHS[page]],
      isCurrent: page === current,
    })),
  }
}
