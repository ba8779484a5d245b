import { formOf, openBrowser, type Browser } from '../support/browser.ts'
import { answerDevice, startDevice, type Device } from '../support/device.ts'
import {
  approvalFields,
  authorizationUrl,
  basic,
  getCode,
  getTokens,
  getCodeFlowTokens,
  createPkce,
  type Parameters,
} from '../support/oauth-client.ts'
import type { Draft } from './request.ts'
import type { World } from './world.ts'

/** What somebody must have to get something. The latest of each kind are known; older ones are not sent any more. */
export type Kind =
  | 'session'
  | 'csrf'
  | 'consent'
  | 'code'
  | 'verifier'
  | 'device'
  | 'refresh'
  | 'user'
  | 'machine'

/** Credentials that were come by honestly. */
export interface Credentials {
  /** Takes note of a credential, and gives it back. */
  keep(kind: Kind, value: string): string
  has(kind: Kind, value: string | undefined): boolean
  /** All of them, for mutations. */
  list(): readonly [string, ...string[]]
  /** How many sessions and authorizations honest people have made. */
  readonly made: { sessions: number; authorizations: number }
}

const MOST_OF_A_KIND = 100

/** Begins with what does not change: secrets of clients, the password. */
export function createCredentials({ clients, user, customer }: World): Credentials {
  const kept = new Map<Kind, string[]>()
  const lasting = clients.flatMap(({ id, secret }) => [id, ...(secret === undefined ? [] : [secret])])
  return {
    made: { sessions: 0, authorizations: 0 },
    keep(kind, value) {
      const list = kept.get(kind) ?? []
      kept.set(kind, list)
      list.push(value)
      if (list.length > MOST_OF_A_KIND) list.shift()
      return value
    },
    has: (kind, value) => value !== undefined && (kept.get(kind)?.includes(value) ?? false),
    list: () => [
      user.password,
      customer.password,
      ...lasting,
      ...[...kept.values()].flatMap((list) => list.slice(-3)),
    ],
  }
}

/** A browser, its cookies as a header, and the anti-forgery token of its forms. */
export interface Visitor {
  readonly browser: Browser
  readonly cookie: string
  readonly csrf: string
}

/** How the paths of a provider's pages end. */
export type Side = '' | '/customers'

/** Somebody who has opened the sign-in page. */
export async function arrive({ server }: World, credentials: Credentials, side: Side = ''): Promise<Visitor> {
  const browser = openBrowser(server)
  const { fields } = formOf(await browser.open(server.endpoint(`/login${side}`)), 'Sign in')
  return visitor(browser, credentials, fields['csrf'])
}

/** Somebody who is signed in. */
export async function signIn(
  { server, user, customer }: World,
  credentials: Credentials,
  side: Side = '',
): Promise<Visitor> {
  const browser = openBrowser(server)
  const page = await browser.open(server.endpoint(`/login${side}`))
  await browser.signIn(page, side === '' ? user : customer)
  credentials.made.sessions += 1
  credentials.keep('session', browser.cookies.get(`consulate_session${side.replace('/', '.')}`) ?? '')
  const { fields } = formOf(await browser.open(server.endpoint(`/logout${side}`)), 'Sign out')
  return visitor(browser, credentials, fields['csrf'])
}

function visitor(browser: Browser, credentials: Credentials, csrf = ''): Visitor {
  const cookie = [...browser.cookies].map((pair) => pair.join('=')).join('; ')
  return { browser, cookie, csrf: credentials.keep('csrf', csrf) }
}

/** What a browser sends. */
export const ofBrowser = ({ server }: World, { cookie }: Visitor): Draft['headers'] => [
  ['accept', 'text/html'],
  ['cookie', cookie],
  ['origin', server.origin],
  ['sec-fetch-site', 'same-origin'],
  ['user-agent', 'Firefox/140.0 (X11; Linux x86_64)'],
]

/** What an open consent page sends: of a client that people are always asked about, for a code. */
export async function openConsent(
  world: World,
  credentials: Credentials,
  visitor: Visitor,
): Promise<Readonly<Record<string, string>>> {
  const { challenge } = createPkce()
  const parameters = { scope: 'orders:read', code_challenge: challenge, code_challenge_method: 'S256' }
  return openConsentAt(credentials, visitor, authorizationUrl(world.server, world.native, parameters))
}

/** The same, for a token in a fragment. */
export const openTokenConsent = (
  world: World,
  credentials: Credentials,
  visitor: Visitor,
): Promise<Readonly<Record<string, string>>> => {
  const parameters = { response_type: 'token', scope: 'orders:read', prompt: 'consent' }
  return openConsentAt(credentials, visitor, authorizationUrl(world.server, world.old, parameters))
}

async function openConsentAt(
  credentials: Credentials,
  { browser }: Visitor,
  url: string,
): Promise<Readonly<Record<string, string>>> {
  const fields = approvalFields(await browser.open(url))
  credentials.keep('csrf', fields['csrf'] ?? '')
  credentials.keep('consent', fields['consent'] ?? '')
  return fields
}

/** A device that waits. */
export async function openDevice({ server, tv }: World, credentials: Credentials): Promise<Device> {
  const device = await startDevice(server, tv)
  credentials.keep('device', device.deviceCode)
  credentials.keep('device', device.userCode)
  return device
}

/** A device that somebody has allowed. */
export async function allowDevice(
  world: World,
  credentials: Credentials,
  { browser }: Visitor,
): Promise<Device> {
  const device = await openDevice(world, credentials)
  await answerDevice(browser, device, world.user)
  return device
}

/** What exchanges a fresh code. */
export async function openExchange(
  { server, web, user }: World,
  credentials: Credentials,
  { browser }: Visitor,
): Promise<Parameters> {
  const { code, exchange } = await getCode({ server, browser, client: web, user })
  credentials.keep('code', code)
  credentials.keep('verifier', exchange['code_verifier'] ?? '')
  return exchange
}

/** A user's refresh token; the access token is kept too. */
export async function openRefresh(
  { server, web, user }: World,
  credentials: Credentials,
  { browser }: Visitor,
): Promise<string> {
  const tokens = await getCodeFlowTokens({ server, browser, client: web, user })
  credentials.made.authorizations += 1
  credentials.keep('user', tokens.access_token)
  return credentials.keep('refresh', tokens.refresh_token)
}

/** A client's own access token. */
export async function openMachine({ server, machine }: World, credentials: Credentials): Promise<string> {
  const grant = { grant_type: 'client_credentials', scope: 'orders:read' }
  return credentials.keep('machine', (await getTokens(server, machine, grant)).access_token)
}

/** The Basic credentials of a client. */
export const basicOf = ({ id, secret }: World['web']): string => basic(id, secret ?? '')
