/** A limit, and the name it has in the headers. */
export interface Policy {
  readonly name: string
  /** How many failures within a window are too many. */
  readonly failures: number
  /** Milliseconds, from the first of the failures. */
  readonly window: number
}

/** Too many failures: what to tell the caller, with status 429. */
export interface Blocked {
  /** Whole seconds, at least 1. */
  readonly retryAfter: number
  /** `Retry-After` (RFC 9110 section 10.2.3), `RateLimit-Policy` and `RateLimit` (draft-ietf-httpapi-ratelimit-headers). */
  readonly headers: Readonly<Record<string, string>>
}

/** What a policy says to who must wait so many milliseconds. */
export function blockedBy({ name, failures, window }: Policy, wait: number): Blocked {
  const retryAfter = wholeSeconds(wait)
  const headers = {
    'Retry-After': String(retryAfter),
    'RateLimit-Policy': `"${name}";q=${failures};w=${wholeSeconds(window)}`,
    RateLimit: `"${name}";r=0;t=${retryAfter}`,
  }
  return { retryAfter, headers }
}

const wholeSeconds = (milliseconds: number): number => Math.max(1, Math.ceil(milliseconds / 1000))
