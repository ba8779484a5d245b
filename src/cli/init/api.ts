import { namesOf, type Choices } from './choices.ts'
import { quote } from './code.ts'

/** The guarded route of the app. */
export interface Api {
  readonly kind: 'user' | 'machine' | 'anyone'
  /** The guard and its scope: `user('orders:read')`. */
  readonly guard: string
  /** The scope as a string literal. */
  readonly scope: string
  /** A comment for the route. */
  readonly comment: string
  readonly path: string
  /** An expression for who is calling, with `auth` in scope. */
  readonly caller: string
}

/** Returns the route that the first scope guards: `/api/orders` for `orders:read`. */
export function apiOf({ scopes, grants }: Choices): Api {
  const [name = ''] = namesOf(scopes)
  const scope = quote(name)
  const resource = /^[a-z][a-z0-9]*/.exec(name)?.[0] ?? 'hello'
  const forUsers = grants.some((grant) => grant !== 'client_credentials' && grant !== 'refresh_token')
  const kind = !grants.includes('client_credentials') ? 'user' : forUsers ? 'anyone' : 'machine'
  const comment = `// Your API. Callers need an access token with the scope ${name}.`
  return { kind, guard: `${kind}(${scope})`, scope, comment, path: `/api/${resource}`, caller: CALLERS[kind] }
}

const CALLERS = {
  user: '`user ${auth.user.id}`',
  machine: '`client ${auth.client.id}`',
  anyone: "auth.kind === 'user' ? `user ${auth.user.id}` : `client ${auth.client.id}`",
} as const
