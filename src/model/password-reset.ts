import type { UserRef } from './subject.ts'

/** A link to reset a forgotten password. Its token is stored as a hash only. */
export interface PasswordReset extends UserRef {
  /** SHA-256 of the token. */
  readonly hash: string
  readonly createdAt: number
  readonly expiresAt: number
  readonly spentAt: number | null
  /** Set if the link was never sent, or if the password was changed or the user signed out everywhere in the meantime. */
  readonly voidedAt: number | null
}

/** Returns whether the link can still be used. */
export const isOpenReset = ({ spentAt, voidedAt, expiresAt }: PasswordReset, now: number): boolean =>
  spentAt === null && voidedAt === null && expiresAt > now
