import type { Issuance } from '../issuance/issue.ts'
import type { TokenResponse } from '../issuance/response.ts'
import type { Clock } from '../lib/clock.ts'
import { randomId } from '../lib/hash.ts'
import { isPersonal, type Authorization } from '../model/authorization.ts'
import type { UserRef } from '../model/subject.ts'
import type { Revoker } from '../revocations/revoker.ts'
import type { AuthorizationStore } from '../store/contract.ts'
import { type Blocked, createCounter, reserveAttempt } from '../throttle/counter.ts'
import type { LoadedUser, UserDirectory } from '../users/directory.ts'
import {
  personalTokenProblems,
  type PersonalTokenParams,
  type PersonalTokenProblem,
  type PersonalTokenRules,
} from './params.ts'
import { randomUUID } from 'node:crypto'
import { ConfigError, type ConfigProblem } from '../errors.ts'
import { parseDuration, type Duration } from '../lib/duration.ts'
import { PERSONAL_ACCESS } from '../model/client.ts'
import type { EVERY_SCOPE } from '../model/scope.ts'

/** How many tokens a person may have that live, and how many they may make in a day. */
export const MAX_PERSONAL_TOKENS = 100

/** A token that was just made. `response` holds the token itself, this once. */
export interface PersonalTokenCreated {
  readonly kind: 'made'
  readonly token: PersonalToken
  readonly response: TokenResponse
}

/**
 * Why there is no token: the wish is wrong; the person has too many; they made too many in a day; the wish was granted
 * before; or the person was signed out everywhere since their epochs were read.
 */
export type PersonalTokenRefusal =
  | { readonly kind: 'wrong'; readonly problems: readonly PersonalTokenProblem[] }
  | { readonly kind: 'full' }
  | { readonly kind: 'throttled'; readonly blocked: Blocked }
  | { readonly kind: 'repeated' }
  | { readonly kind: 'ended' }

/** Personal access tokens, whoever asks for them: the application, a script in a browser, or a form. */
export interface PersonalTokens {
  /** Makes a token, born in the epochs that come with the person. */
  create(
    person: LoadedUser,
    wish: PersonalTokenParams,
    requestId: string,
  ): Promise<PersonalTokenCreated | PersonalTokenRefusal>
  /** The person's tokens that live, newest first. */
  list(user: UserRef): Promise<readonly PersonalToken[]>
  /** Ends a token, at once. Whether there is such a token, ended or not; of nobody but the owner, where one is named. */
  revoke(id: string, by?: { readonly owner: UserRef; readonly requestId: string }): Promise<boolean>
}

/** What personal access tokens are made with. `lifetime` in ms, where a wish says none. */
export interface PersonalTokensOptions extends PersonalTokenRules {
  readonly lifetime: number
  readonly store: Pick<AuthorizationStore, 'find' | 'listByUser'>
  readonly issuance: Issuance
  readonly revoker: Revoker
  readonly clock: Clock
  readonly subjectOf: (user: UserRef) => string
  /** When a token was used last on this node, where that is not written down yet. */
  readonly usedAt: (id: string) => number | undefined
}

/** A revocation is remembered for as long as its token would have lived: who could make them without end would fill the memory of every node. */
const DAILY = { name: 'personal-tokens', failures: MAX_PERSONAL_TOKENS, window: 86_400_000 } as const

/** Makes the personal access tokens of one server. */
export function createPersonalTokens(options: PersonalTokensOptions): PersonalTokens {
  const { store, revoker, clock, subjectOf, usedAt } = options
  const counter = createCounter(DAILY, clock)
  const list: PersonalTokens['list'] = async (user) => {
    const authorizations = await store.listByUser(user, clock.now())
    return authorizations.filter(isPersonal).map((one) => toPersonalToken(one, usedAt(one.id)))
  }
  return {
    list,
    async create(person, wish, requestId) {
      const problems = personalTokenProblems(wish, options)
      if (problems.length > 0) return { kind: 'wrong', problems }
      const key = subjectOf(person.ref)
      const blocked = counter.check(key)
      if (blocked) return { kind: 'throttled', blocked }
      // Counted beforehand, so that parallel requests cannot slip past.
      const ticket = reserveAttempt([{ counter, key }], counter)
      try {
        if ((await list(person.ref)).length >= MAX_PERSONAL_TOKENS) return { kind: 'full' }
        const outcome = await make(options, person, wish, requestId)
        if (outcome.kind === 'made') await ticket.fail()
        return outcome
      } finally {
        await ticket.release()
      }
    },
    async revoke(id, by) {
      const authorization = await store.find(id)
      if (!authorization || !isPersonal(authorization)) return false
      if (by && subjectOf(by.owner) !== subjectOf(authorization)) return false
      if (authorization.revokedAt === null) await revoker.revoke({ kind: 'authorization', id }, by?.requestId)
      return true
    },
  }
}

async function make(
  { store, issuance, scopes: { defaults }, lifetime: usual }: PersonalTokensOptions,
  { ref: user, epochs }: LoadedUser,
  { name, scopes = defaults, lifetime = usual, id: authorizationId = randomId() }: PersonalTokenParams,
  requestId: string,
): Promise<PersonalTokenCreated | PersonalTokenRefusal> {
  const permission = {
    kind: 'personal',
    user,
    authorizationId,
    name: name.trim(),
    scopes: [...new Set(scopes)],
    epochs,
    lifetime,
  } as const
  const response = await issuance.issue(permission, { requestId, grantType: 'personal_access' })
  const authorization = await store.find(authorizationId)
  if (!response || !authorization) return { kind: authorization ? 'repeated' : 'ended' }
  return { kind: 'made', token: toPersonalToken(authorization), response }
}

/** A personal access token as its owner sees it: never the token itself. Times in ms. */
export interface PersonalToken {
  /** The `azn` of the token. */
  readonly id: string
  readonly name: string
  /** `*` stands for every scope. */
  readonly scopes: readonly string[]
  readonly createdAt: number
  /** Null until it is used. Guards of other services do not tell. */
  readonly lastUsedAt: number | null
  readonly expiresAt: number
}

/** What is told of a personal access token; `usedAt`: when it was used, where that is not written down yet. */
export function toPersonalToken(authorization: Authorization, usedAt = 0): PersonalToken {
  const { id, name, scopes, createdAt, expiresAt } = authorization
  const lastUsedAt = Math.max(authorization.lastUsedAt, usedAt)
  // Nobody has used a token in the very millisecond in which it was made: it was still on its way.
  return {
    id,
    name: name ?? '',
    scopes,
    createdAt,
    lastUsedAt: lastUsedAt > createdAt ? lastUsedAt : null,
    expiresAt,
  }
}

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
export async function createPersonalTokenFor(
  {
    personalTokens,
    userDirectory,
  }: { readonly personalTokens: PersonalTokens; readonly userDirectory: UserDirectory },
  user: UserRef,
  { name, scopes, expiresIn }: PersonalTokenRequest,
): Promise<CreatedPersonalToken> {
  const person = await userDirectory.load(user, PERSONAL_ACCESS)
  if (!person) throw new ConfigError([{ path: 'user', message: 'is not there, or disabled' }])
  const lifetime = expiresIn === undefined ? undefined : (parseDuration(expiresIn) ?? 0)
  const outcome = await personalTokens.create(person, { name, scopes, lifetime }, randomUUID())
  if (outcome.kind !== 'made') throw new ConfigError(problemsOf(outcome))
  return { token: outcome.token, accessToken: outcome.response.access_token }
}

function problemsOf(outcome: PersonalTokenRefusal): readonly ConfigProblem[] {
  if (outcome.kind === 'wrong') return outcome.problems.map(({ path, message }) => ({ path, message }))
  const messages = {
    full: `has ${MAX_PERSONAL_TOKENS} personal access tokens: revoke one first`,
    throttled: `has got ${MAX_PERSONAL_TOKENS} personal access tokens within a day: wait`,
    repeated: 'has this token already',
    ended: 'was signed out everywhere meanwhile',
  }
  return [{ path: 'user', message: messages[outcome.kind] }]
}
