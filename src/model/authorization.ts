import type { Epochs } from './epochs.ts'
import type { UserRef } from './subject.ts'

/** A refresh-token generation that was rotated away, and until when (ms) it may still be repeated. */
export interface Rotation {
  readonly generation: number
  readonly graceEndsAt: number
}

/**
 * What a person has allowed a client: one row, from the sign-in to the end, however often it is refreshed.
 * Tokens themselves are never kept.
 */
export interface Authorization extends UserRef {
  /** The `azn` of its tokens, and the beginning of their `jti`. */
  readonly id: string
  readonly clientId: string
  /** The session it ends with; null where it outlives sessions. */
  readonly sessionId: string | null
  readonly scopes: readonly string[]
  /** The authorized resources (RFC 8707). Empty for the default audience. */
  readonly resources: readonly string[]
  /** The name of a personal access token; null otherwise. */
  readonly name: string | null
  /** SHA-256 of the seed in its refresh tokens; null where it has none. */
  readonly seedHash: string | null
  /** The generation of the refresh token in force, from 0. */
  readonly generation: number
  /** The generations last rotated away, newest first. */
  readonly rotations: readonly Rotation[]
  readonly epochs: Epochs
  readonly createdAt: number
  readonly lastUsedAt: number
  /** When the refresh token in force expires (ms); slides with each refresh. */
  readonly expiresAt: number
  /** The latest expiry of any access token that it gave (ms). Never lowered: revocations are kept that long. */
  readonly accessExpiresAt: number
  readonly revokedAt: number | null
}

/** Whether it is a personal access token, which belongs to no client. */
export const isPersonal = ({ name }: Pick<Authorization, 'name'>): boolean => name !== null

/** What a presented refresh token is, seen from its authorization. */
export type GenerationStatus = 'current' | 'repeated' | 'replayed' | 'ahead'

/** How many rotated generations a row remembers. More rotations than this inside one grace window are no honest client. */
export const REMEMBERED_ROTATIONS = 5

/**
 * Where a presented generation stands. `repeated`: rotated away within its grace window (two tabs, a lost answer);
 * `replayed`: longer ago, a theft (RFC 9700 section 4.14.2); `ahead`: issued by us before a backup was restored.
 */
export function generationStatus(
  authorization: Authorization,
  generation: number,
  now: number,
): GenerationStatus {
  if (generation === authorization.generation) return 'current'
  if (generation > authorization.generation) return 'ahead'
  const rotation = authorization.rotations.find((candidate) => candidate.generation === generation)
  return rotation && rotation.graceEndsAt > now ? 'repeated' : 'replayed'
}

/** The rotations to remember once `generation` is rotated away; its grace is fixed now, whatever is configured later. */
export const rememberRotation = ({ rotations }: Authorization, rotation: Rotation): readonly Rotation[] =>
  [rotation, ...rotations].slice(0, REMEMBERED_ROTATIONS)
