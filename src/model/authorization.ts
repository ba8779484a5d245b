import { CLOCK_TOLERANCE } from '../lib/clock.ts'
import type { Epochs } from './epochs.ts'
import type { UserRef } from './subject.ts'

/** A rotated generation of the refresh token. */
export interface Rotation {
  readonly generation: number
  /** Until when it can be used again (ms), by the clock of the node that rotated it. 0 without a grace window. */
  readonly graceEndsAt: number
  /** The ID of that node. */
  readonly nodeId: string
}

/**
 * The access that a user has given to a client. It stays one row, however often it is refreshed. Tokens are never stored.
 */
export interface Authorization extends UserRef {
  /** The `azn` claim of its tokens, and the first part of their `jti`. */
  readonly id: string
  readonly clientId: string
  /** The session that it is revoked with. Null if it does not depend on one. */
  readonly sessionId: string | null
  readonly scopes: readonly string[]
  /** The authorized resources (RFC 8707). Empty for the default audience. */
  readonly resources: readonly string[]
  /** The name of a personal access token, otherwise null. */
  readonly name: string | null
  /** SHA-256 of the seed in its refresh tokens. Null if it has none. */
  readonly seedHash: string | null
  /** The generation of the current refresh token, from 0. */
  readonly generation: number
  /** The last rotated generations, newest first. */
  readonly rotations: readonly Rotation[]
  readonly epochs: Epochs
  readonly createdAt: number
  readonly lastUsedAt: number
  /** When the current refresh token expires (ms). Each refresh extends it. */
  readonly expiresAt: number
  /** When its last access token expires (ms). Never lowered, because revocations are kept until then. */
  readonly accessExpiresAt: number
  readonly revokedAt: number | null
}

export const isPersonal = ({ name }: Pick<Authorization, 'name'>): boolean => name !== null

export type GenerationStatus = 'current' | 'repeated' | 'replayed' | 'ahead'

/** The number of rotated generations that a row remembers. No legitimate client rotates more often in one grace window. */
export const REMEMBERED_ROTATIONS = 5

/**
 * Returns the status of a presented refresh token. `repeated` means rotated within its grace window (two tabs, a lost
 * response). `replayed` means rotated earlier, so probably stolen (RFC 9700 section 4.14.2). `ahead` means issued before a
 * backup was restored.
 *
 * If another node rotated the token, its clock may be behind, and the window would seem to end early. A retry must not sign
 * the user out, so `CLOCK_TOLERANCE` is added.
 */
export function generationStatus(
  authorization: Authorization,
  generation: number,
  { now, nodeId }: { readonly now: number; readonly nodeId: string },
): GenerationStatus {
  if (generation === authorization.generation) return 'current'
  if (generation > authorization.generation) return 'ahead'
  const rotation = authorization.rotations.find((candidate) => candidate.generation === generation)
  if (!rotation) return 'replayed'
  const tolerance = rotation.nodeId === nodeId ? 0 : CLOCK_TOLERANCE
  return rotation.graceEndsAt + tolerance > now ? 'repeated' : 'replayed'
}
