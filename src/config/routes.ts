import type { Validator } from '../lib/validator.ts'
import type { AccountPage } from '../model/account-page.ts'
import { DEVICE_GRANT } from '../model/device-code.ts'
import { parseRouteName, type PlainRouteName, type RouteName } from '../model/route-name.ts'

/** Which routes the server has. */
export interface RoutesConfig {
  /** The names of routes to turn off, as `consulate routes` lists them: `['introspect', 'login (customers)']`. */
  readonly off?: readonly RouteName[]
}

/** Which routes the server has. */
export interface RouteSettings {
  /** The names of routes that are off. */
  readonly routesOff: ReadonlySet<string>
}

/** What may need a route. */
interface Features {
  readonly grants: ReadonlyMap<string, unknown>
  readonly accountPages: readonly AccountPage[]
  readonly hasSignInPages: boolean
  readonly providers: readonly string[]
  readonly appSessions: ReadonlyMap<string, unknown>
  readonly passwordReset: object | undefined
  readonly signIn: object | undefined
  readonly pages: { readonly hasOwn: boolean }
}

type Need = (features: Features) => string | undefined

const grant =
  (...types: readonly string[]): Need =>
  ({ grants }) => {
    const type = types.find((each) => grants.has(each))
    return type && `the grant ${type} needs it`
  }

const accountPage =
  (page: AccountPage): Need =>
  ({ accountPages }) =>
    accountPages.includes(page) ? `remove '${page}' from accountPages instead` : undefined

const passwordReset: Need = (features) => features.passwordReset && 'passwordReset needs it'

const account: Need = ({ accountPages }) => (accountPages.length > 0 ? 'accountPages needs it' : undefined)

const signedIn: Need = ({ hasSignInPages, providers, appSessions }) =>
  hasSignInPages && providers.some((provider) => !appSessions.has(provider))
    ? 'the page after the sign-in links to it'
    : undefined

/** Returns what needs a route, if anything does. Nothing of the server needs the others. */
const NEEDS: Readonly<Partial<Record<PlainRouteName, Need>>> = {
  token: ({ grants }) => {
    const type = [...grants.keys()].find((each) => each !== 'implicit')
    return type && `the grant ${type} needs it`
  },
  authorize: grant('authorization_code', 'implicit'),
  device: grant(DEVICE_GRANT),
  'device authorization': grant(DEVICE_GRANT),
  login: (features) => grant('authorization_code', 'implicit', DEVICE_GRANT)(features) ?? account(features),
  logout: (features) => account(features) ?? signedIn(features),
  account,
  'devices page': accountPage('devices'),
  'password page': accountPage('password'),
  'apps page': accountPage('apps'),
  'tokens page': accountPage('tokens'),
  'developer page': accountPage('developer'),
  'forgot password': passwordReset,
  'reset password': passwordReset,
  'api refresh': ({ signIn }) => signIn && 'signIn() needs it',
  page: ({ pages }) => (pages.hasOwn ? 'pages.views needs it' : undefined),
}

/** Checks the option `routes`. */
export function resolveRoutes(
  routes: RoutesConfig | undefined,
  features: Features,
  validator: Validator,
): RouteSettings {
  validator.knownOptions('routes', routes, { off: true })
  const off: unknown = routes?.off ?? []
  if (!Array.isArray(off)) {
    validator.problem('routes.off', 'must be an array')
    return { routesOff: new Set() }
  }
  for (const [index, name] of off.entries()) {
    const problem = problemOf(String(name), features)
    if (problem !== undefined) validator.problem(`routes.off[${index}]`, problem)
  }
  return { routesOff: new Set(off.map(String)) }
}

function problemOf(name: string, features: Features): string | undefined {
  const route = parseRouteName(name)
  if (!route || !isOwner(route, features)) return 'is not the name of a route. `consulate routes` lists them'
  const need = NEEDS[route.plain]?.(features)
  return need === undefined ? undefined : `must not be off: ${need}`
}

/** The default provider is not named. The metadata of a resource has its path instead. */
const isOwner = (
  { plain, of }: NonNullable<ReturnType<typeof parseRouteName>>,
  { providers }: Features,
): boolean => of === undefined || plain === 'resource metadata' || providers.slice(1).includes(of)
