import { beginCodeFlow, finishCodeFlow, type CodeFlowOptions } from './code-flow.ts'
import { beginDeviceFlow, type DeviceCode } from './device-flow.ts'
import { createFetch, type AccessTokenOptions } from './fetch.ts'
import { sessionStorage } from './platform.ts'
import { createPost, tokensIn, type TokenResponse } from './requests.ts'
import { createSession } from './session.ts'
import { createSafeStorage, type TokenStorage } from './storage.ts'
import type { SignInReason } from './tabs.ts'

/** Options of a token client. */
export interface TokenClientOptions {
  /** The issuer of the server: `https://id.example.com`. */
  readonly issuer: string
  /** The ID of the OAuth client, for `beginSignIn` and `beginDeviceSignIn`. `signIn` needs none. */
  readonly clientId?: string
  /**
   * Where tokens are kept: `localStorage`, `sessionStorage`, or anything with `getItem`, `setItem` and `removeItem`, which
   * may return promises. Default: in memory, until the page is closed or reloaded.
   */
  readonly storage?: TokenStorage
  /**
   * The origins that receive the access token: `['https://api.example.com']`. No other origin ever does. Default: the
   * origin of the page and that of the issuer.
   */
  readonly origins?: readonly string[]
  /** Refreshes before a call if the access token expires within this many seconds. Default: only after a 401. */
  readonly refreshAhead?: number
  /** Returns whether a 401 is about the access token. Default: decided by its challenge (RFC 6750) or the `error` in its JSON. */
  readonly isTokenError?: (response: Response) => boolean | Promise<boolean>
  /** The provider whose users sign in with `signIn`. Default: the server's default provider. */
  readonly provider?: string
  /** The server's `prefix`. Default: `/oauth`. */
  readonly prefix?: string
  /** The name under which tokens are stored and tabs find each other. Default: `consulate`. */
  readonly key?: string
  /** Sends all requests. Default: the global `fetch`. */
  readonly fetch?: typeof globalThis.fetch
  /** Called with the error if the storage fails. The tokens are then kept in memory. */
  readonly onStorageError?: (error: unknown) => void
}

/** The credentials of a user. */
export interface Credentials {
  readonly username: string
  readonly password: string
  /** How the list of devices names this one: `Ada's phone`. Default: the browser and operating system. */
  readonly deviceName?: string
  /** Space-separated scopes, for fewer than the server allows. */
  readonly scope?: string
}

/** A sign-in on another device (RFC 8628). */
export interface DeviceSignIn extends DeviceCode {
  /**
   * Waits until the user has approved, and signs in. Rejects with the reason of the signal if it aborts.
   *
   * @throws AuthError `access_denied`, `expired_token` or `invalid_grant`: offer a new code
   */
  finish(options?: { readonly signal?: AbortSignal }): Promise<void>
}

/** Keeps a user signed in. */
export interface TokenClient {
  /**
   * Signs in with the sign-in API.
   *
   * @throws AuthError `invalid_credentials`; `too_many_requests` with `retryAfter`; `network_error`
   */
  signIn(credentials: Credentials): Promise<void>
  /** Signs in with tokens that your own server got, for example after a passkey. */
  setTokens(response: TokenResponse): Promise<void>
  /** Starts a sign-in on the server's pages (PKCE). Resolves to the URL to open: `location.assign(url)`. */
  beginSignIn(options: CodeFlowOptions): Promise<string>
  /**
   * Finishes it on the page of the redirect URI, with its URL. Resolves to the `appState` of `beginSignIn`. Calling it again
   * with the same URL returns the same promise: a code must not be sent twice.
   *
   * @throws AuthError `access_denied` if the user refused; `state_mismatch` or `issuer_mismatch` if this client did not ask
   * for this response
   */
  finishSignIn(url: string | URL): Promise<string | undefined>
  /** Gets a code that the user enters on another device. */
  beginDeviceSignIn(options?: { readonly scope?: string }): Promise<DeviceSignIn>
  /**
   * Like the global `fetch`, with the access token for the allowed origins. If the API rejects the token, refreshes it and
   * repeats the request once. If the user must sign in, resolves to the 401.
   *
   * Redirects are errors unless you pass `redirect: 'follow'`, and a stream can't be sent twice: its 401 is returned after the
   * refresh. A call with an `Authorization` header of its own is not changed.
   *
   * @throws AuthError if a token is needed and the server can't be reached; the user stays signed in
   */
  readonly fetch: typeof globalThis.fetch
  /**
   * Returns the access token, for WebSockets and other HTTP libraries; undefined if no user is signed in. Pass the token that
   * an API has rejected as `rejected` to get another one.
   */
  getAccessToken(options?: AccessTokenOptions): Promise<string | undefined>
  /** Returns whether there are tokens. The server may have revoked them. */
  isSignedIn(): Promise<boolean>
  /** Calls the listener whenever the user must sign in. Returns a function that removes it. */
  onSignInNeeded(listener: (reason: SignInReason) => void): () => void
  /**
   * Signs out on this device, in all tabs. The tokens are deleted even without a network; the server is notified later.
   * Never rejects because of the network.
   */
  signOut(): Promise<void>
}

/** Creates a client that keeps a user signed in: in browsers, React Native and Node. */
export function createTokenClient(options: TokenClientOptions): TokenClient {
  const {
    clientId,
    storage,
    key = 'consulate',
    prefix = '/oauth',
    provider,
    origins,
    isTokenError,
    refreshAhead = 0,
  } = options
  const { fetch = (...request) => globalThis.fetch(...request), onStorageError = () => undefined } = options
  const issuer = options.issuer.replace(/\/$/, '')
  const listeners = new Set<(reason: SignInReason) => void>()
  // One listener that throws must not stop the others, or a sign-out.
  const notify = (reason: SignInReason): void =>
    listeners.forEach((listener) => queueMicrotask(() => listener(reason)))
  const safeStorage = createSafeStorage(storage, onStorageError)
  const transient = createSafeStorage(sessionStorage() ?? storage, onStorageError)
  const post = createPost(issuer, fetch)
  const parts = { issuer, prefix, clientId, key, storage, safeStorage, transient, post, notify }
  const session = createSession(parts)
  let finished: { readonly url: string; readonly result: Promise<string | undefined> } | undefined

  async function getAccessToken({ rejected, refreshAhead: ahead = refreshAhead }: AccessTokenOptions = {}) {
    const pair = await session.read()
    if (!pair) return undefined
    if (pair.access_token === rejected) return (await session.refresh(pair))?.access_token
    if (ahead === 0 || !session.expiry.isWithin(ahead, pair)) return pair.access_token
    // The token may still be valid if the server can't be reached.
    return (await session.refresh(pair).catch(() => pair))?.access_token
  }

  async function finishSignIn(url: string | URL): Promise<string | undefined> {
    const { tokens, appState } = await finishCodeFlow(parts, url)
    await session.start(tokens)
    return appState
  }

  return {
    getAccessToken,
    signOut: session.end,
    setTokens: async (response) => session.start(tokensIn(response)),
    beginSignIn: (request) => beginCodeFlow(parts, request),
    isSignedIn: async () => (await session.read()) !== undefined,
    fetch: createFetch({ fetch, issuer, origins, isTokenError, getAccessToken, notify }),
    async signIn({ username, password, deviceName: device_name, scope }) {
      const device_token = (await safeStorage.read(`${key}.device`)) ?? undefined
      const path = provider === undefined ? '/auth/login' : `/auth/login/${provider}`
      const response = tokensIn(await post(path, { username, password, device_name, device_token, scope }))
      await session.start(response)
      await safeStorage.update(`${key}.device`, (current) => response.device_token ?? current)
    },
    finishSignIn(url) {
      const text = String(url)
      if (text !== finished?.url) finished = { url: text, result: finishSignIn(url) }
      return finished.result
    },
    async beginDeviceSignIn({ scope } = {}) {
      const { poll, ...code } = await beginDeviceFlow(parts, scope)
      return { ...code, finish: async ({ signal } = {}) => session.start(await poll(signal)) }
    },
    onSignInNeeded(listener) {
      listeners.add(listener)
      return () => void listeners.delete(listener)
    },
  }
}
