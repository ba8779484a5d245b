import { formOf, openBrowser, type Browser } from '../support/browser.ts'
import { startDevice } from '../support/device.ts'
import {
  approvalOf,
  authorizationUrl,
  basic,
  getCode,
  getTokens,
  getVisitTokens,
  makePkce,
  type Parameters,
} from '../support/oauth-client.ts'
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
export function createCredentials({ clients, person }: World): Credentials {
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
    list: () => [person.password, ...lasting, ...[...kept.values()].flatMap((list) => list.slice(-3))],
  }
}

/** A browser, its cookies as a header, and the anti-forgery token of its forms. */
export interface Visitor {
  readonly browser: Browser
  readonly cookie: string
  readonly csrf: string
}

/** Somebody who has opened the sign-in page. */
export async function arrive({ server }: World, credentials: Credentials): Promise<Visitor> {
  const browser = openBrowser(server)
  const { fields } = formOf(await browser.open(server.endpoint('/login')), 'Sign in')
  return visitor(browser, credentials, fields['csrf'])
}

/** Somebody who is signed in. */
export async function signIn({ server, person }: World, credentials: Credentials): Promise<Visitor> {
  const browser = openBrowser(server)
  await browser.signIn(await browser.open(server.endpoint('/login')), person)
  credentials.made.sessions += 1
  credentials.keep('session', browser.cookies.get('consulate_session') ?? '')
  const { fields } = formOf(await browser.open(server.endpoint('/logout')), 'Sign out')
  return visitor(browser, credentials, fields['csrf'])
}

function visitor(browser: Browser, credentials: Credentials, csrf = ''): Visitor {
  const cookie = [...browser.cookies].map((pair) => pair.join('=')).join('; ')
  return { browser, cookie, csrf: credentials.keep('csrf', csrf) }
}

/** What an open consent page sends. */
export async function openConsent(
  { server, native }: World,
  credentials: Credentials,
  { browser }: Visitor,
): Promise<Readonly<Record<string, string>>> {
  const { challenge } = makePkce()
  const parameters = { scope: 'orders:read', code_challenge: challenge, code_challenge_method: 'S256' }
  const fields = approvalOf(await browser.open(authorizationUrl(server, native, parameters)))
  credentials.keep('csrf', fields['csrf'] ?? '')
  credentials.keep('consent', fields['consent'] ?? '')
  return fields
}

/** The user code of a device that waits. */
export async function openDevice({ server, tv }: World, credentials: Credentials): Promise<string> {
  const { deviceCode, userCode } = await startDevice(server, tv)
  credentials.keep('device', deviceCode)
  return credentials.keep('device', userCode)
}

/** What exchanges a fresh code. */
export async function openExchange(
  { server, web, person }: World,
  credentials: Credentials,
  { browser }: Visitor,
): Promise<Parameters> {
  const { code, exchange } = await getCode({ server, browser, client: web, person })
  credentials.keep('code', code)
  credentials.keep('verifier', exchange['code_verifier'] ?? '')
  return exchange
}

/** A person's refresh token; the access token is kept too. */
export async function openRefresh(
  { server, web, person }: World,
  credentials: Credentials,
  { browser }: Visitor,
): Promise<string> {
  const tokens = await getVisitTokens({ server, browser, client: web, person })
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
