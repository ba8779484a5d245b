import type { Authorization } from '../model/authorization.ts'

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
