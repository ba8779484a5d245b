/** What is kept for whoever has to explain it: why somebody got no answer, or no longer has what they had. */
export type AuditedEvent =
  | 'request.refused'
  | 'sign-in.failed'
  | 'sign-in.throttled'
  | 'replay.detected'
  | 'refresh.ahead'
  | 'revocation.written'

/** One thing that happened, as it is kept. Never holds a secret, a token, a code or a password. */
export interface AuditEntry {
  readonly at: number
  /** The `X-Request-Id` of the answer; null where no request had it done. */
  readonly requestId: string | null
  readonly event: AuditedEvent
  readonly status: number | null
  /** The error code that was answered. */
  readonly code: string | null
  readonly path: string | null
  readonly clientId: string | null
  readonly sub: string | null
  readonly address: string | null
  /** What happened, exactly and in words; may name ids. */
  readonly detail: string
}
