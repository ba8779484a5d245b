import { randomUUID } from 'node:crypto'
import { ConfigError, type ConfigProblem } from '../errors.ts'
import { parseDuration, type Duration } from '../lib/duration.ts'
import { PERSONAL_ACCESS } from '../model/client.ts'
import type { EVERY_SCOPE } from '../model/scope.ts'
import type { UserRef } from '../model/subject.ts'
import type { People } from '../users/people.ts'
import type { PersonalToken } from './personal-token.ts'
import { MOST_PERSONAL_TOKENS, type NoPersonalToken, type PersonalTokens } from './personal-tokens.ts'

/** The personal access token that an application wants for one of its people. */
export interface PersonalTokenRequest<Scope extends string = string> {
  /** What the person knows it by: 1 to 255 characters, no control characters. */
  readonly name: string
  /** Scopes that are defined; `*` for every one. Default: the `defaultScopes`. */
  readonly scopes?: readonly (Scope | typeof EVERY_SCOPE)[]
  /** Default: the `personalTokens.lifetime` of the configuration. At most its `maximumLifetime`. */
  readonly expiresIn?: Duration
}

/** A personal access token that was just made. */
export interface CreatedPersonalToken {
  readonly token: PersonalToken
  /** The token itself, this once: it is written down nowhere. */
  readonly accessToken: string
}

/**
 * Makes a personal access token for one of the application's people.
 *
 * @throws ConfigError with every problem of the request; where the person is deleted or disabled, or has too many tokens
 */
export async function createForApplication(
  { personalTokens, people }: { readonly personalTokens: PersonalTokens; readonly people: People },
  user: UserRef,
  { name, scopes, expiresIn }: PersonalTokenRequest,
): Promise<CreatedPersonalToken> {
  const person = await people.meet(user, PERSONAL_ACCESS)
  if (!person) throw new ConfigError([{ path: 'user', message: 'is not there, or disabled' }])
  const lifetime = expiresIn === undefined ? undefined : (parseDuration(expiresIn) ?? 0)
  const outcome = await personalTokens.create(person, { name, scopes, lifetime }, randomUUID())
  if (outcome.kind !== 'made') throw new ConfigError(problemsOf(outcome))
  return { token: outcome.token, accessToken: outcome.response.access_token }
}

function problemsOf(outcome: NoPersonalToken): readonly ConfigProblem[] {
  if (outcome.kind === 'wrong') return outcome.problems.map(({ path, message }) => ({ path, message }))
  const messages = {
    full: `has ${MOST_PERSONAL_TOKENS} personal access tokens: revoke one first`,
    throttled: `has got ${MOST_PERSONAL_TOKENS} personal access tokens within a day: wait`,
    repeated: 'has this token already',
    ended: 'was signed out everywhere meanwhile',
  }
  return [{ path: 'user', message: messages[outcome.kind] }]
}
