import type { KeySet } from '../keys/key-set.ts'
import type { DerivedKeys } from '../keys/derived.ts'
import { readCookie } from '../lib/cookie.ts'
import { toSeconds, type Clock } from '../lib/clock.ts'
import { hmac, isEqualInConstantTime, randomBase64url, sha256 } from '../lib/hash.ts'
import { API_COOKIE_TYPE, type ApiCookieClaims } from '../model/claims.ts'
import { BROWSER_SESSION } from '../model/client.ts'
import { formatScope } from '../model/scope.ts'
import type { Session } from '../model/session.ts'
import type { UserRef } from '../model/subject.ts'
import { apiCookieName, endingOf, type CookieExchange, type CookiePolicy, type NewCookie } from './cookies.ts'
import type { Sessions } from './sessions.ts'

/**
 * The cookies with which single-page apps call the API as the user who is signed in to the browser: one with a short-lived
 * token, which scripts cannot read, and one with the CSRF token, which they can.
 */
export interface ApiCookies {
  /** In seconds. */
  readonly lifetime: number
  /** Sets both cookies. The user must have been found in their directory. */
  issue(exchange: CookieExchange, session: Session): void
  /** Does so if the request has none for this session, or one that expires soon. */
  extend(exchange: CookieExchange, session: Session): void
  /** Deletes both cookies of a provider, if the request has one of them. */
  clear(exchange: CookieExchange, provider: string): void
  /** Returns whether a value is the CSRF token of a session. */
  isToken(session: Pick<Session, 'id'>, token: string): boolean
}

/** What API cookies need. Times in milliseconds. */
export interface ApiCookieOptions {
  readonly issuer: string
  readonly audience: string
  readonly clock: Clock
  readonly keys: Pick<KeySet, 'sign'>
  readonly derived: Pick<DerivedKeys, 'key' | 'keysById'>
  readonly cookies: CookiePolicy
  /** The provider whose cookies have no name added. */
  readonly provider: string
  /** Of cookies that outlive the browser. */
  readonly persistentLifetime: number
  readonly subjectOf: (user: UserRef) => string
  readonly apiCookie: {
    readonly lifetime: number
    readonly scopes: readonly string[]
    readonly domain: string | undefined
    readonly xsrfCookie: string
  }
}

/** Sets no cookies. */
export const NO_API_COOKIES: ApiCookies = {
  lifetime: 0,
  issue: () => {},
  extend: () => {},
  clear: () => {},
  isToken: () => false,
}

/** Creates the API cookies of one server. */
export function createApiCookies(options: ApiCookieOptions): ApiCookies {
  const { apiCookie, clock, cookies, derived, provider: main } = options
  const { domain } = apiCookie
  const nameFor = (provider: string): string => apiCookieName(cookies, provider, main)
  const csrfNameFor = (provider: string): string => apiCookie.xsrfCookie + endingOf(provider, main)
  const set = (exchange: CookieExchange, provider: string, values: Values): void => {
    const shared = {
      sameSite: 'Strict',
      ...(values.maxAge !== undefined && { maxAge: values.maxAge }),
    } as const
    exchange.newCookies.set(nameFor(provider), { ...shared, value: values.cookie })
    const readable: NewCookie = { ...shared, value: values.csrfToken, isReadable: true, domain }
    exchange.newCookies.set(csrfNameFor(provider), readable)
  }
  const issue: ApiCookies['issue'] = (exchange, session) => {
    const csrfToken = csrfTokenOf(derived.key('xsrf'), session)
    const claims = claimsOf(options, session, csrfToken)
    const maxAge = session.isPersistent ? toSeconds(options.persistentLifetime) : undefined
    set(exchange, session.provider, { cookie: options.keys.sign(API_COOKIE_TYPE, claims), csrfToken, maxAge })
  }
  return {
    lifetime: toSeconds(apiCookie.lifetime),
    issue,
    extend(exchange, session) {
      const header = exchange.request.header('cookie')
      const claims = unverifiedClaims(readCookie(header, nameFor(session.provider)))
      const csrfToken = readCookie(header, csrfNameFor(session.provider))
      const remaining = (claims?.exp ?? 0) * 1000 - clock.now()
      const isCurrent =
        csrfToken === csrfTokenOf(derived.key('xsrf'), session) &&
        claims?.sid === session.id &&
        claims.csrf === sha256(csrfToken) &&
        String(claims.epochs) === String(epochsOf(session))
      if (!isCurrent || remaining < apiCookie.lifetime / 2) issue(exchange, session)
    },
    clear(exchange, provider) {
      const header = exchange.request.header('cookie')
      const [name, csrfName] = [nameFor(provider), csrfNameFor(provider)]
      const isSent = [name, csrfName].some((one) => readCookie(header, one) !== undefined)
      if (isSent) set(exchange, provider, { cookie: '', csrfToken: '', maxAge: 0 })
      else for (const one of [name, csrfName]) exchange.newCookies.delete(one)
    },
    isToken: (session, token) =>
      [...derived.keysById('xsrf').values()].some((key) =>
        isEqualInConstantTime(token, csrfTokenOf(key, session)),
      ),
  }
}

/** Adds the API cookies to sessions: they start, are renewed and are cleared with the session cookie. */
export const withApiCookies = (sessions: Sessions, apiCookies: ApiCookies): Sessions => ({
  ...sessions,
  async current(exchange, provider) {
    const session = await sessions.current(exchange, provider)
    if (!session) apiCookies.clear(exchange, provider)
    return session
  },
  async start(exchange, signIn, options) {
    const session = await sessions.start(exchange, signIn, options)
    if (session) apiCookies.issue(exchange, session)
    return session
  },
  async renewCookie(exchange, session) {
    const isLive = await sessions.renewCookie(exchange, session)
    if (isLive) apiCookies.issue(exchange, session)
    return isLive
  },
  clearCookie(exchange, provider) {
    sessions.clearCookie(exchange, provider)
    apiCookies.clear(exchange, provider)
  },
})

/** The values of both cookies. */
interface Values {
  readonly cookie: string
  readonly csrfToken: string
  readonly maxAge: number | undefined
}

/** The same for the whole session, so that a tab can send the one that it read before another tab renewed the cookies. */
const csrfTokenOf = (key: Buffer, { id }: Pick<Session, 'id'>): string => hmac(key, id)

/** No client is involved. */
const epochsOf = ({ issuerEpoch, userEpoch }: Session): ApiCookieClaims['epochs'] => [
  issuerEpoch,
  0,
  userEpoch,
]

function claimsOf(options: ApiCookieOptions, session: Session, csrfToken: string): ApiCookieClaims {
  const { issuer, audience, clock, apiCookie, subjectOf } = options
  const now = clock.now()
  return {
    iss: issuer,
    sub: subjectOf(session),
    aud: audience,
    client_id: BROWSER_SESSION,
    scope: formatScope(apiCookie.scopes),
    jti: `${session.id}.${randomBase64url(9)}`,
    iat: toSeconds(now),
    exp: toSeconds(Math.min(now + apiCookie.lifetime, session.expiresAt)),
    subject_type: 'user',
    epochs: epochsOf(session),
    provider: session.provider,
    sid: session.id,
    csrf: sha256(csrfToken),
  }
}

/** Only tells whether the cookie is due for renewal. The guard verifies it. */
function unverifiedClaims(cookie: string | undefined): Partial<ApiCookieClaims> | undefined {
  try {
    const claims: unknown = JSON.parse(Buffer.from(cookie?.split('.')[1] ?? '', 'base64url').toString())
    return typeof claims === 'object' && claims !== null ? claims : undefined
  } catch {
    return undefined
  }
}
