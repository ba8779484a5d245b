import { readerOf, type HeadersLike } from '../lib/request-like.ts'

/** A request to a guarded route, as the framework has it. */
export interface GuardedRequest {
  readonly method?: string | undefined
  readonly headers: HeadersLike
}

/**
 * Returns the `Authorization` header, or undefined. An empty one is not undefined. Objects from elsewhere than `node:http` may
 * have capital letters in its name: without them, an API cookie would rescue a bad token.
 */
export function authorizationOf({ headers }: GuardedRequest): string | undefined {
  if (typeof headers.get === 'function') return headers.get('authorization') ?? undefined
  const value = (headers as Readonly<Record<string, string | readonly string[] | undefined>>)['authorization']
  return typeof value === 'string' ? value : readerOf(headers)('authorization')
}
