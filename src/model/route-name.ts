/** The names of the routes, as `consulate routes` lists them. */
export const ROUTE_NAMES = [
  'account',
  'api cookie',
  'api device',
  'api devices',
  'api forgot password',
  'api login',
  'api logout',
  'api logout all',
  'api logout others',
  'api password',
  'api refresh',
  'api reset password',
  'app token',
  'app tokens',
  'apps page',
  'authorize',
  'developer page',
  'device',
  'device authorization',
  'devices page',
  'forgot password',
  'introspect',
  'jwks',
  'live',
  'login',
  'logout',
  'metadata',
  'metrics',
  'page',
  'password page',
  'personal token',
  'personal tokens',
  'ready',
  'reset password',
  'resource metadata',
  'revocations',
  'revoke',
  'scopes',
  'token',
  'tokens page',
  'user app',
  'user app secret',
  'user apps',
] as const

/** The name of a route of the default provider, or of one that all providers share. */
export type PlainRouteName = (typeof ROUTE_NAMES)[number]

/** The name of a route: `token`, `login`, or for another provider `login (customers)`. */
export type RouteName = PlainRouteName | `${PlainRouteName} (${string})`

/** Splits a name: `login (customers)` is `login` of `customers`. Returns undefined if it is not the name of a route. */
export function parseRouteName(
  name: string,
): { readonly plain: PlainRouteName; readonly of: string | undefined } | undefined {
  const [, text = name, of] = /^(.+) \((.+)\)$/.exec(name) ?? []
  const plain = ROUTE_NAMES.find((known) => known === text)
  return plain && { plain, of }
}
