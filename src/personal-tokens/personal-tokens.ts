import type { Issuance } from '../issuance/issue.ts'
import type { TokenResponse } from '../issuance/response.ts'
import type { Clock } from '../lib/clock.ts'
import { randomId } from '../lib/hash.ts'
import { isPersonal } from '../model/authorization.ts'
import type { UserRef } from '../model/subject.ts'
import type { Revoker } from '../revocations/revoker.ts'
import type { AuthorizationStore } from '../store/contract.ts'
import type { Blocked } from '../throttle/blocked.ts'
import { createCounter } from '../throttle/counter.ts'
import { createTicket } from '../throttle/ticket.ts'
import type { Person } from '../users/people.ts'
import { toPersonalToken, type PersonalToken } from './personal-token.ts'
import { wishProblems, type Wish, type WishProblem, type WishRules } from './wish.ts'

/** How many tokens a person may have that live, and how many they may make in a day. */
export const MOST_PERSONAL_TOKENS = 100

/** A token that was just made. `response` holds the token itself, this once. */
export interface MadePersonalToken {
  readonly kind: 'made'
  readonly token: PersonalToken
  readonly response: TokenResponse
}

/**
 * Why there is no token: the wish is wrong; the person has too many; they made too many in a day; the wish was granted
 * before; or the person was signed out everywhere since their epochs were read.
 */
export type NoPersonalToken =
  | { readonly kind: 'wrong'; readonly problems: readonly WishProblem[] }
  | { readonly kind: 'full' }
  | { readonly kind: 'throttled'; readonly blocked: Blocked }
  | { readonly kind: 'repeated' }
  | { readonly kind: 'ended' }

/** Personal access tokens, whoever asks for them: the application, a script in a browser, or a form. */
export interface PersonalTokens {
  /** Makes a token, born in the epochs that come with the person. */
  create(person: Person, wish: Wish, requestId: string): Promise<MadePersonalToken | NoPersonalToken>
  /** The person's tokens that live, newest first. */
  list(user: UserRef): Promise<readonly PersonalToken[]>
  /** Ends a token, at once. Whether there is such a token, ended or not; of nobody but the owner, where one is named. */
  revoke(id: string, by?: { readonly owner: UserRef; readonly requestId: string }): Promise<boolean>
}

/** What personal access tokens are made with. `lifetime` in ms, where a wish says none. */
export interface PersonalTokensOptions extends WishRules {
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
const DAILY = { name: 'personal-tokens', failures: MOST_PERSONAL_TOKENS, window: 86_400_000 } as const

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
      const problems = wishProblems(wish, options)
      if (problems.length > 0) return { kind: 'wrong', problems }
      const key = subjectOf(person.ref)
      const blocked = counter.check(key)
      if (blocked) return { kind: 'throttled', blocked }
      // Counted beforehand, so that parallel requests cannot slip past.
      const ticket = createTicket([{ counter, key }], counter)
      try {
        if ((await list(person.ref)).length >= MOST_PERSONAL_TOKENS) return { kind: 'full' }
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
  { ref: user, epochs }: Person,
  { name, scopes = defaults, lifetime = usual, id: authorizationId = randomId() }: Wish,
  requestId: string,
): Promise<MadePersonalToken | NoPersonalToken> {
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
