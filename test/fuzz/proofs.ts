import type { Answer } from '../../src/index.ts'
import { readCookie } from '../../src/lib/cookie.ts'
import type { TestClient } from '../support/server.ts'
import type { Credentials } from './credentials.ts'
import { headerOf, type Message } from './request.ts'
import type { World } from './world.ts'

/** What an answer may give. */
export type Given =
  | 'session'
  | 'code'
  | 'tokens'
  | 'authorization'
  | 'revocations'
  | 'device answer'
  | 'personal token'
  | 'personal list'
  | 'personal revocation'

/** Who asked for what, and what was honestly come by. */
export interface Evidence {
  readonly world: World
  readonly credentials: Credentials
  readonly message: Message
}

/** What an answer of an endpoint gives; undefined where it gives nothing that needs a proof. */
export function givenBy(
  endpoint: string,
  { status, headers, body }: Answer,
  message: Message,
): Given | undefined {
  const cookies = [headers['Set-Cookie'] ?? headers['set-cookie'] ?? []].flat()
  if (cookies.some((text) => /^consulate_session=[^;]/.test(text))) return 'session'
  const location = String(headers['Location'] ?? headers['location'] ?? '')
  if (/^(?!\/).*[?&]code=/.test(location)) return 'code'
  if (message.method === 'OPTIONS') return undefined
  const personal = personalOf(endpoint, status, body)
  if (personal || status !== 200) return personal
  if (endpoint === 'revocations') return endpoint
  if (/Allow this device\?|Go back to your device/.test(body)) return 'device answer'
  if (!body.includes('"access_token"')) return undefined
  return formOf(message).get('grant_type') === 'authorization_code' ? 'authorization' : 'tokens'
}

/** What the API and the page of personal access tokens give. */
function personalOf(endpoint: string, status: number, body: string): Given | undefined {
  if (status === 201 || body.includes('id="token"')) return 'personal token'
  if (endpoint === 'personal token' && status === 204) return 'personal revocation'
  const isList = ['scopes', 'personal tokens', 'tokens page'].includes(endpoint) && status === 200
  return isList ? 'personal list' : undefined
}

/** Whether the request held all that it takes: as it was issued, to the letter, in its proper place. */
export const isProven = (given: Given, evidence: Evidence): boolean => PROOFS[given](evidence)

const PROOFS: Readonly<Record<Given, (evidence: Evidence) => boolean>> = {
  session({ world: { person }, credentials, message }) {
    const form = formOf(message)
    const username = (form.get('username') ?? '').trim().toLowerCase().normalize('NFC')
    const isPerson = username === person.email && form.get('password') === person.password
    return isPerson && credentials.has('csrf', form.get('csrf') ?? undefined)
  },
  code({ credentials, message }) {
    const session = readCookie(headerOf(message, 'cookie'), 'consulate_session')
    const form = formOf(message)
    const isForm =
      credentials.has('consent', form.get('consent') ?? undefined) &&
      credentials.has('csrf', form.get('csrf') ?? undefined)
    return credentials.has('session', session) && (isForm || isRead(message))
  },
  authorization(evidence) {
    const { credentials, message } = evidence
    const form = formOf(message)
    const hasCode = credentials.has('code', form.get('code') ?? undefined)
    return (
      hasCode && credentials.has('verifier', form.get('code_verifier') ?? undefined) && isClient(evidence)
    )
  },
  tokens(evidence) {
    const form = formOf(evidence.message)
    const isRefresh = form.get('grant_type') === 'refresh_token'
    const hasToken = evidence.credentials.has('refresh', form.get('refresh_token') ?? undefined)
    return isClient(evidence) && (!isRefresh || hasToken)
  },
  revocations: ({ world: { follower }, message }) => hasBasic(message, follower),
  'device answer': (evidence) => isSignedIn(evidence) && hasCsrf(evidence),
  'personal token': (evidence) => isSignedIn(evidence) && hasCsrf(evidence),
  'personal revocation': (evidence) => isSignedIn(evidence) && hasCsrf(evidence),
  'personal list': (evidence) => isSignedIn(evidence),
}

const isSignedIn = ({ credentials, message }: Evidence): boolean =>
  credentials.has('session', readCookie(headerOf(message, 'cookie'), 'consulate_session'))

const hasCsrf = ({ credentials, message }: Evidence): boolean =>
  credentials.has('csrf', headerOf(message, 'x-csrf-token')) ||
  credentials.has('csrf', formOf(message).get('csrf') ?? undefined)

const isRead = ({ method }: Message): boolean => method === 'GET' || method === 'HEAD'

const formOf = ({ body }: Message): URLSearchParams => new URLSearchParams(body?.toString() ?? '')

/** The exact secret of a confidential client, in the header or in the body. No public one has tokens here. */
function isClient({ world: { clients }, message }: Evidence): boolean {
  const form = formOf(message)
  return clients.some(
    (client) =>
      client.secret !== undefined &&
      (hasBasic(message, client) ||
        (form.get('client_id') === client.id && form.get('client_secret') === client.secret)),
  )
}

function hasBasic(message: Message, { id, secret }: TestClient): boolean {
  const [, encoded = ''] = /^basic +(\S+) *$/i.exec(headerOf(message, 'authorization') ?? '') ?? []
  const pair = Buffer.from(encoded, 'base64').toString()
  const colon = pair.indexOf(':')
  try {
    const decoded = [pair.slice(0, colon), pair.slice(colon + 1)].map(decodeURIComponent)
    return decoded[0] === id && decoded[1] === secret
  } catch {
    return false
  }
}
