/** A user: the name of their provider (`users`, `customers`) and their id there. */
export interface UserRef {
  readonly provider: string
  readonly userId: string
}

/**
 * Returns a user's `sub`: the plain id for the default provider, and prefixed with the provider's name for others. Ids with a
 * colon are always prefixed, so that no two users share a `sub` (RFC 9068 section 5).
 */
export const subjectOf = ({ provider, userId }: UserRef, defaultProvider: string): string =>
  provider === defaultProvider && !userId.includes(':') ? userId : `${provider}:${userId}`

/** Returns the user's id within the provider, from a `sub` of `subjectOf`. */
export const userIdOf = (sub: string, provider: string): string =>
  sub.startsWith(`${provider}:`) ? sub.slice(provider.length + 1) : sub

/** What users enter at sign-in, besides a password. */
export type SignInWith = 'email' | 'username' | 'both'
