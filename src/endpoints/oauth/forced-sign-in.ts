import type { Clock } from '../../lib/clock.ts'
import type { Session } from '../../model/session.ts'
import type { AuthorizationRequest } from './authorization-request.ts'

/** The values of `prompt` that show the sign-in page to signed-in users (OpenID Connect Core section 3.1.2.1). */
const SIGN_IN_PROMPTS = ['login', 'select_account'] as const

/**
 * Returns whether a signed-in user must see the sign-in page: because of `prompt`, or because the sign-in is older than
 * `max_age`. `max_age=0` always does.
 */
export const isSignInForced = (
  { prompts, maxAge }: Pick<AuthorizationRequest, 'prompts' | 'maxAge'>,
  { authenticatedAt }: Pick<Session, 'authenticatedAt'>,
  clock: Clock,
): boolean =>
  SIGN_IN_PROMPTS.some((prompt) => prompts.has(prompt)) || isTooOld(maxAge, clock.now() - authenticatedAt)

/** Another node's clock may have been ahead when the user signed in. */
const isTooOld = (maxAge: number | undefined, age: number): boolean =>
  maxAge !== undefined && (maxAge === 0 || age > maxAge * 1000)

/**
 * Returns the query for the request after the sign-in, without the parameters that forced it, because `max_age` could force
 * it again and again. The other parameters are not encoded again, which could make them longer.
 */
export function withoutForcedSignIn(query: string, prompts: ReadonlySet<string>): string {
  const pairs = query.split('&').map((pair) => ({ pair, name: nameOf(pair) }))
  const isReplaced = SIGN_IN_PROMPTS.some((prompt) => prompts.has(prompt))
  const kept = pairs.filter(({ name }) => name !== 'max_age' && !(isReplaced && name === 'prompt'))
  const rest = [...prompts].filter((value) => !SIGN_IN_PROMPTS.some((prompt) => prompt === value)).join(' ')
  const prompt = isReplaced && rest !== '' ? [`prompt=${encodeURIComponent(rest)}`] : []
  return [...kept.map(({ pair }) => pair), ...prompt].join('&')
}

const nameOf = (pair: string): string | undefined => [...new URLSearchParams(pair).keys()][0]
