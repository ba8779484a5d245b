/** A person: the provider that knows them (`users`, `customers`) and their id there. */
export interface UserRef {
  readonly provider: string
  readonly userId: string
}

/**
 * A person's `sub`: the id itself for the default provider, else prefixed with the provider's name. Ids that hold a
 * colon are always prefixed, so that no two people share a `sub` (RFC 9068 section 5).
 */
export const subjectOf = ({ provider, userId }: UserRef, defaultProvider: string): string =>
  provider === defaultProvider && !userId.includes(':') ? userId : `${provider}:${userId}`

/** The person's id within the provider, from a `sub` that `subjectOf` made. */
export const userIdOf = (sub: string, provider: string): string =>
  sub.startsWith(`${provider}:`) ? sub.slice(provider.length + 1) : sub
