import { namesOf, type Choices } from './choices.ts'
import { quote } from './code.ts'

/** The guarded route of the app. */
export interface Api {
  /** The guard and its scope: `user('orders:read')`. */
  readonly guard: string
  readonly scope: string
  readonly path: string
  /** The name of its handler. */
  readonly name: string
  /** An expression for who is calling, with `auth` in scope. */
  readonly caller: string
}

/** Returns the route that the first scope guards: `/api/orders` for `orders:read`. */
export function apiOf({ scopes, grants }: Choices): Api {
  const [scope = ''] = namesOf(scopes)
  const name = /^[a-z][a-z0-9]*/.exec(scope)?.[0] ?? 'hello'
  const forUsers = grants.some((grant) => grant !== 'client_credentials' && grant !== 'refresh_token')
  const kind = !grants.includes('client_credentials') ? 'user' : forUsers ? 'anyone' : 'machine'
  return { guard: `${kind}(${quote(scope)})`, scope, path: `/api/${name}`, name, caller: CALLERS[kind] }
}

const CALLERS = {
  user: '`user ${auth.user.id}`',
  machine: '`client ${auth.client.id}`',
  anyone: "auth.kind === 'user' ? `user ${auth.user.id}` : `client ${auth.client.id}`",
} as const
