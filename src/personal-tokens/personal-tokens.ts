import { randomUUID } from 'node:crypto'
import { ConfigError, type ConfigProblem } from '../errors.ts'
import type { Issuance } from '../issuance/issue.ts'
import type { TokenResponse } from '../issuance/response.ts'
import type { Clock } from '../lib/clock.ts'
import { parseDuration, type Duration } from '../lib/duration.ts'
import { randomId, sha256 } from '../lib/hash.ts'
import { isPersonal, type Authorization } from '../model/authorization.ts'
import { PERSONAL_ACCESS } from '../model/client.ts'
import type { EVERY_SCOPE } from '../model/scope.ts'
import type { UserRef } from '../model/subject.ts'
import type { Revoker } from '../revocations/revoker.ts'
import type { AuthorizationStore } from '../store/authorizations.ts'
import { reserveAttempt, type Blocked, type CounterFactory } from '../throttle/counter.ts'
import type { LoadedUser, UserDirectory } from '../users/directory.ts'
import {
  personalTokenProblems,
  type PersonalTokenParams,
  type PersonalTokenProblem,
  type PersonalTokenRules,
} from './params.ts'

/** The most tokens that a user can have at a time, and create in a day. */
export const MAX_PERSONAL_TOKENS = 100

/** A personal access token as its owner sees it, without the token itself. Times in milliseconds. */
export interface PersonalToken {
  /** The `azn` claim of the token. */
  readonly id: string
  readonly name: string
  /** `*` stands for all scopes. */
  readonly scopes: readonly string[]
  readonly createdAt: number
  /** Null until first use. Uses at guards of other services are not counted. */
  readonly lastUsedAt: number | null
  readonly expiresAt: number
}

/** A new token. `response` contains the token itself, which cannot be read again. */
export interface PersonalTokenCreated {
  readonly kind: 'created'
  readonly token: PersonalToken
  readonly response: TokenResponse
}

/** The reason why no token was created. */
export type PersonalTokenRefusal =
  | { readonly kind: 'invalid'; readonly problems: readonly PersonalTokenProblem[] }
  /** The user has too many tokens. */
  | { readonly kind: 'full' }
  /** The user created too many tokens today. */
  | { readonly kind: 'throttled'; readonly blocked: Blocked }
  /** There is a token with this id. */
  | { readonly kind: 'repeated' }
  /** The user was signed out everywhere after their epochs were read. */
  | { readonly kind: 'signed-out' }

/** Who creates a token, and in which request. */
export interface PersonalTokenActor {
  readonly by: 'user' | 'app'
  readonly requestId: string
}

/** Personal access tokens: for the application, the JSON API and the page. */
export interface PersonalTokens {
  /** Creates a token with the epochs of the loaded user. */
  create(
    user: LoadedUser,
    params: PersonalTokenParams,
    request: PersonalTokenActor,
  ): Promise<PersonalTokenCreated | PersonalTokenRefusal>
  /** Returns a user's valid tokens, newest first. */
  list(user: UserRef): Promise<readonly PersonalToken[]>
  /** Revokes a token, only of `by.owner` if given. Returns whether it existed, revoked or not. */
  revoke(id: string, by?: { readonly owner: UserRef; readonly requestId: string }): Promise<boolean>
}

/** What personal access tokens need. */
export interface PersonalTokensOptions extends PersonalTokenRules {
  /** The default lifetime in milliseconds. */
  readonly lifetime: number
  readonly store: Pick<AuthorizationStore, 'find' | 'listByUser'>
  readonly issuance: Issuance
  readonly revoker: Pick<Revoker, 'revoke'>
  readonly clock: Clock
  readonly subjectOf: (user: UserRef) => string
  /** Returns when this node last accepted a token, if that was not written yet. */
  readonly usedAt: (id: string) => number | undefined
  readonly counterFor: CounterFactory
}

/** Every node remembers a revocation until its token would expire: unlimited tokens would fill the memory of all nodes. */
const DAILY_LIMIT = { name: 'personal-tokens', failures: MAX_PERSONAL_TOKENS, window: 86_400_000 } as const

/** Creates the personal access tokens of one server. */
export function createPersonalTokens(options: PersonalTokensOptions): PersonalTokens {
  const { store, clock, subjectOf, usedAt, counterFor } = options
  const counter = counterFor(DAILY_LIMIT)
  const list: PersonalTokens['list'] = async (user) => {
    const authorizations = await store.listByUser(user, clock.now())
    return authorizations
      .filter(isPersonal)
      .map((authorization) => toPersonalToken(authorization, usedAt(authorization.id)))
  }
  return {
    list,
    async create(user, params, request) {
      const problems = personalTokenProblems(params, options)
      if (problems.length > 0) return { kind: 'invalid', problems }
      const key = sha256(subjectOf(user.ref))
      const blocked = counter.check(key)
      if (blocked) return { kind: 'throttled', blocked }
      // Counted beforehand, so that parallel requests cannot exceed the limit.
      const attempt = reserveAttempt([{ counter, key }], counter)
      try {
        if ((await list(user.ref)).length >= MAX_PERSONAL_TOKENS) return { kind: 'full' }
        const outcome = await issueToken(options, user, params, request)
        if (outcome.kind === 'created') await attempt.fail()
        return outcome
      } finally {
        await attempt.release()
      }
    },
    async revoke(id, by) {
      const authorization = await store.find(id)
      if (!authorization || !isPersonal(authorization)) return false
      if (by && subjectOf(by.owner) !== subjectOf(authorization)) return false
      if (authorization.revokedAt === null) await revokeToken(options, authorization, by?.requestId)
      return true
    },
  }
}

/** Without a request, the application revokes it. */
async function revokeToken(
  { revoker, subjectOf }: PersonalTokensOptions,
  authorization: Authorization,
  requestId: string | undefined,
): Promise<void> {
  const { id: authorizationId, name } = authorization
  const [by, sub] = [requestId === undefined ? 'app' : 'user', subjectOf(authorization)] as const
  const target = { kind: 'authorization', id: authorizationId, sub } as const
  const cause = { by, reason: 'personal_token_revoked', requestId } as const
  const payload = { requestId: requestId ?? null, authorizationId, sub, by, name: name ?? '' }
  await revoker.revoke(target, cause, () => [['personal-token.revoked', payload]])
}

async function issueToken(
  { store, issuance, scopes: { defaults }, lifetime: defaultLifetime }: PersonalTokensOptions,
  { ref: user, epochs }: LoadedUser,
  {
    name,
    scopes = defaults,
    lifetime = defaultLifetime,
    id: authorizationId = randomId(),
  }: PersonalTokenParams,
  { by, requestId }: PersonalTokenActor,
): Promise<PersonalTokenCreated | PersonalTokenRefusal> {
  const permission = {
    kind: 'personal',
    by,
    user,
    authorizationId,
    name: name.trim(),
    scopes: [...new Set(scopes)],
    epochs,
    lifetime,
  } as const
  const response = await issuance.issue(permission, { requestId, grantType: 'personal_access' })
  const authorization = await store.find(authorizationId)
  if (!response || !authorization) return { kind: authorization ? 'repeated' : 'signed-out' }
  return { kind: 'created', token: toPersonalToken(authorization), response }
}

function toPersonalToken(authorization: Authorization, usedAt = 0): PersonalToken {
  const { id, name, scopes, createdAt, expiresAt } = authorization
  const lastUsedAt = Math.max(authorization.lastUsedAt, usedAt)
  return {
    id,
    name: name ?? '',
    scopes,
    createdAt,
    // A new authorization starts with its creation as the last use.
    lastUsedAt: lastUsedAt > createdAt ? lastUsedAt : null,
    expiresAt,
  }
}

/** A personal access token that the application creates for a user. */
export interface PersonalTokenRequest<Scope extends string = string> {
  /** The name that the user sees: 1 to 255 characters, no control characters. */
  readonly name: string
  /** Defined scopes; `*` for all. Default: the `defaultScopes`. */
  readonly scopes?: readonly (Scope | typeof EVERY_SCOPE)[]
  /** Default: the `personalTokens.lifetime` of the configuration. At most its `maximumLifetime`. */
  readonly expiresIn?: Duration
}

/** A new personal access token. */
export interface CreatedPersonalToken {
  readonly token: PersonalToken
  /** The token itself. It is not stored and cannot be read again. */
  readonly accessToken: string
}

/**
 * Creates a personal access token for a user of the application.
 *
 * @throws ConfigError with everything that is wrong with the request; if the user is deleted or disabled, or has too many
 *   tokens
 */
export async function createPersonalTokenFor(
  services: { readonly personalTokens: PersonalTokens; readonly userDirectory: UserDirectory },
  ref: UserRef,
  { name, scopes, expiresIn }: PersonalTokenRequest,
): Promise<CreatedPersonalToken> {
  const user = await services.userDirectory.load(ref, PERSONAL_ACCESS)
  if (!user) throw new ConfigError([{ path: 'user', message: 'does not exist or is disabled' }])
  const lifetime = expiresIn === undefined ? undefined : (parseDuration(expiresIn) ?? 0)
  const outcome = await services.personalTokens.create(
    user,
    { name, scopes, lifetime },
    { by: 'app', requestId: randomUUID() },
  )
  if (outcome.kind !== 'created') throw new ConfigError(problemsOf(outcome))
  return { token: outcome.token, accessToken: outcome.response.access_token }
}

function problemsOf(outcome: PersonalTokenRefusal): readonly ConfigProblem[] {
  if (outcome.kind === 'invalid') return outcome.problems.map(({ path, message }) => ({ path, message }))
  const messages = {
    full: `already has ${MAX_PERSONAL_TOKENS} personal access tokens. Revoke one first.`,
    throttled: `created ${MAX_PERSONAL_TOKENS} personal access tokens within a day. Try again later.`,
    repeated: 'already has this token',
    'signed-out': 'was signed out everywhere in the meantime',
  }
  return [{ path: 'user', message: messages[outcome.kind] }]
}
