import type { HttpResponse } from '../../src/index.ts'
import { readCookie } from '../../src/lib/cookie.ts'
import { DEVICE_GRANT } from '../../src/model/device-code.ts'
import type { TestUser, TestClient } from '../support/server.ts'
import type { Credentials } from './credentials.ts'
import { headerOf, type Message } from './request.ts'
import { BADGE, CUSTOM_GRANT_TYPE, type World } from './world.ts'

/** What an answer may give. `fragment`: a token in an address; `sign-in`: tokens, and a session that begins with them. */
export type Given =
  | 'session'
  | 'code'
  | 'fragment'
  | 'sign-in'
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
  { status, headers, body }: HttpResponse,
  message: Message,
): Given | undefined {
  const cookies = [headers['Set-Cookie'] ?? headers['set-cookie'] ?? []].flat()
  if (cookies.some((text) => /^consulate_session(?:\.customers)?=[^;]/.test(text))) return 'session'
  const location = String(headers['Location'] ?? headers['location'] ?? '')
  if (/^(?!\/).*[?&]code=/.test(location)) return 'code'
  if (/^(?!\/).*#access_token=/.test(location)) return 'fragment'
  if (message.method === 'OPTIONS') return undefined
  const personal = personalOf(endpoint, status, body)
  if (personal || status !== 200) return personal
  if (endpoint === 'revocations') return endpoint
  if (/Allow this device\?|Go back to your device/.test(body)) return 'device answer'
  if (!body.includes('"access_token"')) return undefined
  return BEGINNINGS[formOf(message).get('grant_type') ?? ''] ?? 'tokens'
}

/** The grants that begin an authorization. */
const BEGINNINGS: Readonly<Record<string, Given>> = {
  authorization_code: 'authorization',
  password: 'sign-in',
  [CUSTOM_GRANT_TYPE]: 'sign-in',
  [DEVICE_GRANT]: 'sign-in',
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
  session({ world: { user, customer }, credentials, message }) {
    const form = formOf(message)
    const isKnown = hasPassword(form, message.path.endsWith('/customers') ? customer : user)
    return isKnown && credentials.has('csrf', form.get('csrf') ?? undefined)
  },
  code: isAllowed,
  fragment: isAllowed,
  'sign-in': isSignIn,
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

/** The user, with a consent form or with a link; whether they have consented before does the server alone know. */
function isAllowed({ credentials, message }: Evidence): boolean {
  const session = readCookie(headerOf(message, 'cookie'), 'consulate_session')
  const form = formOf(message)
  const isForm =
    credentials.has('consent', form.get('consent') ?? undefined) &&
    credentials.has('csrf', form.get('csrf') ?? undefined)
  return credentials.has('session', session) && (isForm || isRead(message))
}

/** The client, and of somebody of its own provider what its grant asks for. */
function isSignIn(evidence: Evidence): boolean {
  const { world, credentials, message } = evidence
  const form = formOf(message)
  const grantType = form.get('grant_type')
  if (grantType === DEVICE_GRANT)
    return form.get('client_id') === world.tv.id && credentials.has('device', form.get('device_code') ?? '')
  const client = clientOf(evidence)
  const user = client === world.shop ? world.customer : world.user
  const isTheirs =
    grantType === 'password' ? hasPassword(form, user) : form.get('badge') === `${BADGE}${user.id}`
  return (client === world.shop || client === world.phone) && isTheirs
}

function hasPassword(form: URLSearchParams, { email, password }: TestUser): boolean {
  const username = (form.get('username') ?? '').trim().toLowerCase().normalize('NFC')
  return username === email && form.get('password') === password
}

const isSignedIn = ({ credentials, message }: Evidence): boolean =>
  credentials.has('session', readCookie(headerOf(message, 'cookie'), 'consulate_session'))

const hasCsrf = ({ credentials, message }: Evidence): boolean =>
  credentials.has('csrf', headerOf(message, 'x-csrf-token')) ||
  credentials.has('csrf', formOf(message).get('csrf') ?? undefined)

const isRead = ({ method }: Message): boolean => method === 'GET' || method === 'HEAD'

const formOf = ({ body }: Message): URLSearchParams => new URLSearchParams(body?.toString() ?? '')

const isClient = (evidence: Evidence): boolean => clientOf(evidence) !== undefined

/** The confidential client whose exact secret is in the header or in the body. No public one but the TV has tokens here. */
function clientOf({ world: { clients }, message }: Evidence): TestClient | undefined {
  const form = formOf(message)
  return clients.find(
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
