import { ConfigError } from './errors.ts'
import type { Logger } from './lib/log.ts'
import type { RevocationEntry } from './model/revocation.ts'

/** What every event about one request carries. */
interface OfRequest {
  /** The `X-Request-Id` of the answer; the same id is in the log. */
  readonly requestId: string
}

/** What happens in the server, by name. Payloads never hold a secret, a token, a code or a password. */
export interface EventMap {
  /**
   * An access token was made. `expiresAt` in ms. Of a client's token for itself, `sub` is the client's id and
   * `authorizationId` null.
   */
  'token.issued': OfRequest & {
    readonly grantType: string
    readonly clientId: string
    readonly sub: string
    readonly jti: string
    readonly authorizationId: string | null
    readonly scopes: readonly string[]
    readonly expiresAt: number
  }
  /** A person has allowed a client something, and its first tokens were made. */
  'authorization.created': OfRequest & {
    readonly authorizationId: string
    readonly clientId: string
    readonly sub: string
    readonly sessionId: string | null
  }
  /** A refresh token came again after its grace window, or a code came again: what it gave was revoked. */
  'replay.detected': OfRequest & {
    readonly of: 'code' | 'device_code' | 'refresh_token'
    readonly authorizationId: string
    readonly clientId: string
  }
  /** A refresh token was ahead of its row: the database is older than what was issued (a restored backup). */
  'refresh.ahead': OfRequest & {
    readonly authorizationId: string
    readonly from: number
    readonly to: number
  }
  /** Somebody signed in, or a device got its first tokens. */
  'session.started': OfRequest & {
    readonly sessionId: string
    readonly sub: string
    readonly address: string
  }
  /** Somebody signed out on the sign-out page. A session that is revoked otherwise is a `revocation.written` alone. */
  'session.ended': OfRequest & { readonly sessionId: string; readonly sub: string }
  /** A name or a password was wrong. `sub` is null where there is no such person. */
  'sign-in.failed': OfRequest & {
    readonly provider: string
    readonly address: string
    readonly sub: string | null
    readonly reason: string
  }
  /** A sign-in was not even tried: too many have failed. `retryAfter` in seconds. */
  'sign-in.throttled': OfRequest & {
    readonly provider: string
    readonly address: string
    readonly retryAfter: number
  }
  /** Somebody was asked, and allowed a client or a device something. */
  'consent.given': OfRequest & {
    readonly clientId: string
    readonly sub: string
    readonly scopes: readonly string[]
  }
  /** Somebody was asked, and said no. */
  'consent.denied': OfRequest & { readonly clientId: string; readonly sub: string }
  /** A request was refused; `detail` says exactly why. Client and person are null where they were not known yet. */
  'request.refused': OfRequest & {
    readonly path: string
    readonly address: string
    readonly clientId: string | null
    readonly sub: string | null
    readonly status: number
    readonly code: string
    readonly detail: string
  }
  /** Something was revoked by this node; `requestId` is null where the application did it. */
  'revocation.written': { readonly requestId: string | null; readonly entry: RevocationEntry }
}

const NAMES: { readonly [Name in keyof EventMap]: true } = {
  'token.issued': true,
  'authorization.created': true,
  'replay.detected': true,
  'refresh.ahead': true,
  'session.started': true,
  'session.ended': true,
  'sign-in.failed': true,
  'sign-in.throttled': true,
  'consent.given': true,
  'consent.denied': true,
  'request.refused': true,
  'revocation.written': true,
}

/** Every event. */
export const EVENT_NAMES = Object.keys(NAMES) as readonly (keyof EventMap)[]

/** Called with the payload of an event. What it throws is logged and goes no further. */
export type Listener<Name extends keyof EventMap> = (payload: EventMap[Name]) => void | Promise<void>

/** Tells listeners what happened. */
export interface Events {
  /** Adds a listener; the returned function takes it away again. Throws `ConfigError` for an event that there is not. */
  on<Name extends keyof EventMap>(name: Name, listener: Listener<Name>): () => void
  emit<Name extends keyof EventMap>(name: Name, payload: EventMap[Name]): void
}

type AnyListener = (payload: never) => void | Promise<void>

/** Makes the events of one server. */
export function createEvents(logger: Logger): Events {
  const listeners = new Map<string, Set<AnyListener>>()
  const failed = (name: string, cause: unknown): void =>
    logger.log('error', 'An event listener failed', { event: name, cause: String(cause) })
  return {
    on(name, listener) {
      checkName(name)
      const those = listeners.get(name) ?? new Set()
      listeners.set(name, those.add(listener))
      return () => void those.delete(listener)
    },
    emit(name, payload) {
      for (const listener of listeners.get(name) ?? []) {
        try {
          Promise.resolve(listener(payload as never)).catch((cause: unknown) => failed(name, cause))
        } catch (cause) {
          failed(name, cause)
        }
      }
    },
  }
}

/** Where nobody compiles, whoever listens for a misspelled event would wait for it for ever. */
function checkName(name: string): void {
  if (Object.hasOwn(NAMES, name)) return
  const message = `there is no event ${JSON.stringify(name)}: there is ${EVENT_NAMES.join(', ')}`
  throw new ConfigError([{ path: 'on', message }])
}
