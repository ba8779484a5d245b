import { AuthError } from './error.ts'
import { encodeForm, tokensIn, type Post, type TokenResponse } from './requests.ts'
import type { SafeStorage } from './storage.ts'

/** A sign-in on the server's pages (authorization code with PKCE). */
export interface CodeFlowOptions {
  /** A redirect URI of the client. */
  readonly redirectUri: string
  /** Space-separated scopes. Default: the server's `defaultScopes`. */
  readonly scope?: string
  /** More parameters of the authorization request: `prompt`, `resource`. */
  readonly parameters?: Readonly<Record<string, string>>
  /** Returned by `finishSignIn`, for example the page to return to. */
  readonly appState?: string
}

/** What the flow needs. */
export interface CodeFlowParts {
  readonly issuer: string
  readonly prefix: string
  readonly clientId: string | undefined
  readonly key: string
  /** Where the verifier is kept while the user is on the server's pages. */
  readonly transient: SafeStorage
  readonly post: Post
}

interface Transaction {
  readonly verifier: string
  readonly redirectUri: string
  readonly appState?: string | undefined
}

/** Stores a new verifier and state. Resolves to the URL of the authorization request (RFC 7636 section 4.3). */
export async function beginCodeFlow(parts: CodeFlowParts, options: CodeFlowOptions): Promise<string> {
  const { issuer, prefix, clientId, key, transient } = parts
  const { redirectUri, scope, parameters, appState } = options
  const state = crypto.randomUUID()
  // 72 characters, all of them allowed, with 244 random bits (RFC 7636 section 4.1).
  const verifier = crypto.randomUUID() + crypto.randomUUID()
  const transaction: Transaction = { verifier, redirectUri, appState }
  await transient.update(nameOf(key, state), () => JSON.stringify(transaction))
  const query = encodeForm({
    ...parameters,
    scope,
    response_type: 'code',
    client_id: clientId,
    redirect_uri: redirectUri,
    state,
    code_challenge: await challengeOf(verifier),
    code_challenge_method: 'S256',
  })
  return `${issuer}${prefix}/authorize?${query.toString()}`
}

/**
 * Checks the authorization response and exchanges its code.
 *
 * @throws AuthError `issuer_mismatch` (RFC 9207), `state_mismatch`, or the error of the server, such as `access_denied`
 */
export async function finishCodeFlow(
  { issuer, prefix, clientId, key, transient, post }: CodeFlowParts,
  url: string | URL,
): Promise<{ readonly tokens: TokenResponse; readonly appState: string | undefined }> {
  const { searchParams } = new URL(url)
  const read = (name: string): string | undefined => searchParams.get(name) ?? undefined
  if (read('iss') !== issuer) throw new AuthError('issuer_mismatch')
  const { verifier, redirectUri, appState } = await takeTransaction(transient, nameOf(key, read('state')))
  const error = read('error')
  if (error !== undefined) throw new AuthError(error, { message: read('error_description') })
  const tokens = await post(`${prefix}/token`, {
    grant_type: 'authorization_code',
    client_id: clientId,
    code: read('code'),
    redirect_uri: redirectUri,
    code_verifier: verifier,
  })
  return { tokens: tokensIn(tokens), appState }
}

const nameOf = (key: string, state: string | undefined): string => `${key}.state.${state}`

/** Each state works once. */
async function takeTransaction(transient: SafeStorage, name: string): Promise<Transaction> {
  let stored: string | null = null
  await transient.update(name, (current) => {
    stored = current
    return null
  })
  if (stored === null) throw new AuthError('state_mismatch')
  return JSON.parse(stored) as Transaction
}

/** Returns the S256 challenge of a verifier (RFC 7636 section 4.2). */
async function challengeOf(verifier: string): Promise<string> {
  const hash = await crypto.subtle.digest('SHA-256', new TextEncoder().encode(verifier))
  const base64 = btoa(String.fromCharCode(...new Uint8Array(hash)))
  return base64.replaceAll('+', '-').replaceAll('/', '_').replaceAll('=', '')
}
