import { browserHeaders, getRefreshToken, signIn, type Credentials } from './credentials.ts'
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
  const revoke = draft(`${path}/${'x'.repeat(22)}`, { method: 'DELETE', headers })
  return { list: [list], one: [list, revoke] } satisfies Record<string, readonly [Draft, ...Draft[]]>
}
