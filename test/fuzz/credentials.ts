import { formOf, openBrowser, type Browser } from '../support/browser.ts'
import { decideDevice, startDevice, type Device } from '../support/device.ts'
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
import { logIn, type DeviceTokens } from '../support/sign-in-api.ts'
import type { Draft } from './request.ts'
import type { Fixture } from './fixture.ts'

/** The kinds of credentials that grant something. The latest 100 of each kind are kept. */
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
  | 'api refresh'
  | 'api access'
  | 'reset'

/** Credentials that the run obtained legitimately. */
export interface Credentials {
  /** Adds a credential and returns it. */
  keep(kind: Kind, value: string): string
  has(kind: Kind, value: string | undefined): boolean
  /** The passwords and client secrets, and the latest three credentials of each kind. */
  list(): readonly [string, ...string[]]
  /** Sessions, authorizations and clients that were created legitimately. */
  readonly created: { sessions: number; authorizations: number; clients: number }
}

const MAX_PER_KIND = 100

export function createCredentials({ clients, user, customer }: Fixture): Credentials {
  const kept = new Map<Kind, string[]>()
  const clientCredentials = clients.flatMap(({ id, secret }) => [
    id,
    ...(secret === undefined ? [] : [secret]),
  ])
  return {
    created: { sessions: 0, authorizations: 0, clients: 0 },
    keep(kind, value) {
      const list = kept.get(kind) ?? []
      kept.set(kind, list)
      list.push(value)
      if (list.length > MAX_PER_KIND) list.shift()
      return value
    },
    has: (kind, value) => value !== undefined && (kept.get(kind)?.includes(value) ?? false),
    list: () => [
      user.password,
      customer.password,
      ...clientCredentials,
      ...[...kept.values()].flatMap((list) => list.slice(-3)),
    ],
  }
}

/** A browser, its `Cookie` header and the CSRF token of its forms. */
export interface Visitor {
  readonly browser: Browser
  readonly cookie: string
  readonly csrf: string
}

/** What a user provider appends to the paths of its pages. */
export type ProviderPath = '' | '/customers'

export async function openSignInPage(
  { server }: Fixture,
  credentials: Credentials,
  providerPath: ProviderPath = '',
): Promise<Visitor> {
  const browser = openBrowser(server)
  const { fields } = formOf(await browser.open(server.endpoint(`/login${providerPath}`)), 'Sign in')
  return visitor(browser, credentials, fields['csrf'])
}

export async function signIn(
  { server, user, customer }: Fixture,
  credentials: Credentials,
  providerPath: ProviderPath = '',
): Promise<Visitor> {
  const browser = openBrowser(server)
  const page = await browser.open(server.endpoint(`/login${providerPath}`))
  await browser.signIn(page, providerPath === '' ? user : customer)
  credentials.created.sessions += 1
  credentials.keep('session', browser.cookies.get(`consulate_session${providerPath.replace('/', '.')}`) ?? '')
  const { fields } = formOf(await browser.open(server.endpoint(`/logout${providerPath}`)), 'Sign out')
  return visitor(browser, credentials, fields['csrf'])
}

function visitor(browser: Browser, credentials: Credentials, csrf = ''): Visitor {
  const cookie = [...browser.cookies].map((pair) => pair.join('=')).join('; ')
  return { browser, cookie, csrf: credentials.keep('csrf', csrf) }
}

export const browserHeaders = ({ server }: Fixture, { cookie }: Visitor): Draft['headers'] => [
  ['accept', 'text/html'],
  ['cookie', cookie],
  ['origin', server.origin],
  ['sec-fetch-site', 'same-origin'],
  ['user-agent', 'Firefox/140.0 (X11; Linux x86_64)'],
]

/** Returns the fields of a consent form for a code. The native client always requires consent. */
export async function openConsent(
  fixture: Fixture,
  credentials: Credentials,
  visitor: Visitor,
): Promise<Readonly<Record<string, string>>> {
  const { challenge } = createPkce()
  const pkce = { code_challenge: challenge, code_challenge_method: 'S256' }
  const parameters = { scope: 'orders:read orders:create profile', ...pkce }
  return openConsentAt(credentials, visitor, authorizationUrl(fixture.server, fixture.native, parameters))
}

/** Returns the fields of a consent form for a token in the fragment. */
export const openImplicitConsent = (
  fixture: Fixture,
  credentials: Credentials,
  visitor: Visitor,
): Promise<Readonly<Record<string, string>>> => {
  const parameters = { response_type: 'token', scope: 'orders:read', prompt: 'consent' }
  return openConsentAt(credentials, visitor, authorizationUrl(fixture.server, fixture.legacy, parameters))
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

export async function startPendingDevice({ server, tv }: Fixture, credentials: Credentials): Promise<Device> {
  const device = await startDevice(server, tv)
  credentials.keep('device', device.deviceCode)
  credentials.keep('device', device.userCode)
  return device
}

export async function startApprovedDevice(
  fixture: Fixture,
  credentials: Credentials,
  { browser }: Visitor,
): Promise<Device> {
  const device = await startPendingDevice(fixture, credentials)
  await decideDevice(browser, device, fixture.user)
  return device
}

/** Returns the token request for a new code. */
export async function getExchange(
  { server, web, user }: Fixture,
  credentials: Credentials,
  { browser }: Visitor,
): Promise<Parameters> {
  const { code, exchange } = await getCode({ server, browser, client: web, user })
  credentials.keep('code', code)
  credentials.keep('verifier', exchange['code_verifier'] ?? '')
  return exchange
}

/** Returns a new refresh token, and keeps its access token too. */
export async function getRefreshToken(
  { server, web, user }: Fixture,
  credentials: Credentials,
  { browser }: Visitor,
): Promise<string> {
  const tokens = await getCodeFlowTokens({ server, browser, client: web, user })
  credentials.created.authorizations += 1
  credentials.keep('user', tokens.access_token)
  return credentials.keep('refresh', tokens.refresh_token)
}

/** Returns an access token from client credentials. */
export async function getMachineToken(
  { server, machine }: Fixture,
  credentials: Credentials,
): Promise<string> {
  const grant = { grant_type: 'client_credentials', scope: 'orders:read' }
  return credentials.keep('machine', (await getTokens(server, machine, grant)).access_token)
}

/** Signs in by the API. Returns the tokens of a new device. */
export async function logInByApi({ server, user }: Fixture, credentials: Credentials): Promise<DeviceTokens> {
  const tokens = await logIn(server, user)
  credentials.created.sessions += 1
  credentials.created.authorizations += 1
  credentials.keep('user', tokens.access_token)
  credentials.keep('api access', tokens.access_token)
  credentials.keep('api refresh', tokens.refresh_token)
  return tokens
}

export const basicOf = ({ id, secret }: Fixture['web']): string => basic(id, secret ?? '')
