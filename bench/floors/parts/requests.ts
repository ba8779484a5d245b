import { createHash } from 'node:crypto'
import type { PreparedRequest, Scenario } from '../../target.ts'

/** The client of all requests. */
export const CLIENT = {
  id: '1d0f2b6e-reports',
  secret: 's'.repeat(43),
  redirectUri: 'https://app.example.com/callback',
  /** The scopes it may request. */
  scope: 'orders:read',
  /** The PKCE verifier and challenge of all its codes (RFC 7636 section 4). */
  verifier: 'v'.repeat(43),
  challenge: createHash('sha256').update('v'.repeat(43)).digest('base64url'),
} as const

/** A token request of a confidential client (RFC 6749 section 2.3.1). */
export function tokenRequest(form: Readonly<Record<string, string>>): PreparedRequest {
  const credentials = Buffer.from(`${CLIENT.id}:${CLIENT.secret}`).toString('base64')
  return {
    method: 'POST',
    path: '/oauth/token',
    headers: { Authorization: `Basic ${credentials}`, 'Content-Type': 'application/x-www-form-urlencoded' },
    body: new URLSearchParams(form).toString(),
  }
}

/** An API request with an access token (RFC 6750 section 2.1). */
export const apiRequest = (token: string): PreparedRequest => ({
  method: 'GET',
  path: '/orders',
  headers: { Authorization: `Bearer ${token}` },
})

/** Token requests with unchecked secrets of realistic length. */
export const FORMS = {
  'client-credentials': { grant_type: 'client_credentials', scope: CLIENT.scope },
  refresh: { grant_type: 'refresh_token', refresh_token: refreshToken('i'.repeat(22), 0) },
  code: codeForm('c'.repeat(43)),
  introspect: { token: 't'.repeat(600) },
  revoke: { token: refreshToken('i'.repeat(22), 0) },
} as const

/** Returns whether the scenario is a token request. */
export const hasForm = (scenario: Scenario): scenario is keyof typeof FORMS => scenario in FORMS

/** A refresh token of realistic length: prefix, ID, generation, seed and MAC. */
export function refreshToken(id: string, generation: number): string {
  return `cons_rt_k1.${id}.${generation}.${'s'.repeat(22)}.${'m'.repeat(43)}`
}

/** The form of a code exchange (RFC 6749 section 4.1.3, RFC 7636 section 4.5). */
export function codeForm(code: string) {
  const { redirectUri: redirect_uri, verifier: code_verifier } = CLIENT
  return { grant_type: 'authorization_code', code, redirect_uri, code_verifier }
}

/** The form of a device poll (RFC 8628 section 3.4). */
export function deviceForm(device_code: string) {
  return { grant_type: 'urn:ietf:params:oauth:grant-type:device_code', device_code }
}
