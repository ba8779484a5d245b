/** The events that the audit log keeps: those that explain why a request failed or a token stopped working. */
export type AuditedEvent =
  | 'request.refused'
  | 'sign-in.failed'
  | 'sign-in.throttled'
  | 'replay.detected'
  | 'refresh.ahead'
  | 'revocation.written'

/** An entry of the audit log. Never contains a secret, token, code or password. Unknown values are null. */
export interface AuditEntry {
  /** Milliseconds since 1970. */
  readonly at: number
  /** The `X-Request-Id` of the response; null if the app's own code caused the event. */
  readonly requestId: string | null
  readonly event: AuditedEvent
  /** The HTTP status of the response. */
  readonly status: number | null
  /** The error code of the response. */
  readonly code: string | null
  readonly path: string | null
  readonly clientId: string | null
  readonly sub: string | null
  /** The client's IP address. */
  readonly address: string | null
  /** The exact reason, for the operator. May contain IDs. */
  readonly detail: string
}
