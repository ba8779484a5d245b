import { getCodeFlowTokens } from '../support/oauth-client.ts'
import type { TestClient } from '../support/server.ts'
import { browserHeaders, getRefreshToken, signIn, type Credentials, type Visitor } from './credentials.ts'
import type { Fixture } from './fixture.ts'
import { draft, post, type Draft } from './request.ts'

type Drafts = Promise<readonly [Draft, ...Draft[]]>

/** The page of connected apps, with one that is connected. */
export async function appsPageRequests(fixture: Fixture, credentials: Credentials): Drafts {
  const visitor = await signIn(fixture, credentials)
  await getRefreshToken(fixture, credentials, visitor)
  const headers = browserHeaders(fixture, visitor)
  const [path, { csrf }, { id }] = ['/account/apps', visitor, fixture.web]
  return [
    draft(path, { headers }),
    draft(`${path}?disconnect=${id}`, { headers }),
    draft(`${path}?disconnected=${id}&proof=${'x'.repeat(43)}`, { headers }),
    post(path, { csrf, disconnect: fixture.spa.id, proof: 'x'.repeat(43) }, ...headers),
    post(path, { csrf, disconnect: id }, ...headers),
  ]
}

/** The JSON API for the authorizations of connected apps. */
export async function appTokenRequests(fixture: Fixture, credentials: Credentials) {
  const visitor = await signIn(fixture, credentials)
  const headers = [...browserHeaders(fixture, visitor), ['x-csrf-token', visitor.csrf] as const]
  const path = '/oauth/tokens'
  const list = draft(path, { headers })
  const revoke = (id: string): Draft => draft(`${path}/${id}`, { method: 'DELETE', headers })
  const id = await allowThirdParty(fixture, credentials, visitor)
  return { list: [list], one: [list, list, revoke(id), revoke('x'.repeat(22))] } satisfies Record<
    string,
    readonly [Draft, ...Draft[]]
  >
}

/** Connects a third-party app. Returns the ID of its authorization. */
async function allowThirdParty(
  { server, user }: Fixture,
  credentials: Credentials,
  { browser }: Visitor,
): Promise<string> {
  const client = await getThirdParty(server, credentials)
  const tokens = await getCodeFlowTokens({ server, browser, client, user })
  credentials.created.authorizations += 1
  credentials.keep('user', tokens.access_token)
  credentials.keep('refresh', tokens.refresh_token)
  const { body } = await browser.open(server.endpoint('/oauth/tokens'))
  const [newest] = JSON.parse(body) as readonly { readonly id: string }[]
  return newest?.id ?? ''
}

async function getThirdParty(server: Fixture['server'], { created }: Credentials): Promise<TestClient> {
  const known = thirdParties.get(server)
  if (known) return known
  const client = await server.addClient({ name: 'Orchard & <b>Tools</b>', isThirdParty: true })
  created.clients += 1
  thirdParties.set(server, client)
  return client
}

const thirdParties = new WeakMap<Fixture['server'], TestClient>()
