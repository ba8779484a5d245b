import { createHash } from 'node:crypto'
import type { PreparedRequest, Scenario } from '../../target.ts'

/** The client that asks the floors and the peers. */
export const CLIENT = {
  id: '1d0f2b6e-reports',
  secret: 's'.repeat(43),
  redirectUri: 'https://app.example.com/callback',
  /** What it may ask for. */
  scope: 'orders:read',
  /** The PKCE verifier of all its codes, and the challenge (RFC 7636 section 4). */
  verifier: 'v'.repeat(43),
  challenge: createHash('sha256').update('v'.repeat(43)).digest('base64url'),
} as const

/** A POST to a token endpoint, as a confidential client sends it (RFC 6749 section 2.3.1). */
export function tokenRequest(form: Readonly<Record<string, string>>): PreparedRequest {
  const credentials = Buffer.from(`${CLIENT.id}:${CLIENT.secret}`).toString('base64')
  return {
    method: 'POST',
    path: '/oauth/token',
    headers: { Authorization: `Basic ${credentials}`, 'Content-Type': 'application/x-www-form-urlencoded' },
    body: new URLSearchParams(form).toString(),
  }
}

/** A GET of an API with an access token (RFC 6750 section 2.1). */
export const apiRequest = (token: string): PreparedRequest => ({
  method: 'GET',
  path: '/orders',
  headers: { Authorization: `Bearer ${token}` },
})

/** The forms of the token endpoint with secrets that nobody checks, of the length that real ones have. */
export const FORMS = {
  'client-credentials': { grant_type: 'client_credentials', scope: CLIENT.scope },
  refresh: { grant_type: 'refresh_token', refresh_token: refreshToken('i'.repeat(22), 0) },
  code: codeForm('c'.repeat(43)),
} as const

/** Whether there is a form for what is to be measured. */
export const hasForm = (scenario: Scenario): scenario is keyof typeof FORMS => scenario in FORMS

/** A refresh token of the real length: a prefix, an id, a generation, a seed and a MAC. */
export function refreshToken(id: string, generation: number): string {
  return `cons_rt_k1.${id}.${generation}.${'s'.repeat(22)}.${'m'.repeat(43)}`
}

/** The form that exchanges a code (RFC 6749 section 4.1.3, RFC 7636 section 4.5). */
export function codeForm(code: string) {
  const { redirectUri: redirect_uri, verifier: code_verifier } = CLIENT
  return { grant_type: 'authorization_code', code, redirect_uri, code_verifier }
}

/** The form that a device polls with (RFC 8628 section 3.4). */
export function deviceForm(device_code: string) {
  return { grant_type: 'urn:ietf:params:oauth:grant-type:device_code', device_code }
}
