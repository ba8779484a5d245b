import { randomBase64url } from '../../src/lib/hash.ts'
import { secretVersionOf, versionOf } from '../../src/user-apps/user-apps.ts'
import { browserHeaders, signIn, type Credentials } from './credentials.ts'
import type { Fixture } from './fixture.ts'
import { draft, post, toPairs, type Draft } from './request.ts'

type Drafts = readonly [Draft, ...Draft[]]

const NAMES = { client_name: 'Orchard & <b>Tools</b>', redirect_uris: '["https://tools.example/a"]' }
const LOGO = 'data:image/png;base64,iVBORw0KGgo='
const LINKS = {
  logo_uri: LOGO,
  client_uri: 'https://tools.example',
  policy_uri: 'https://tools.example/privacy',
  tos_uri: 'https://tools.example/terms',
}

/** The JSON API for a user's own apps. */
export async function userAppRequests(fixture: Fixture, credentials: Credentials) {
  const visitor = await signIn(fixture, credentials)
  const headers = [...browserHeaders(fixture, visitor), ['x-csrf-token', visitor.csrf] as const]
  const path = '/oauth/clients'
  const [own, deleted] = [await getOwnApp(fixture, credentials), await addApp(fixture, credentials)]
  const send = (method: string, to: string, body: Readonly<Record<string, string>>): Draft =>
    draft(to, {
      method,
      body: toPairs(body),
      headers: [['content-type', 'application/json'], ...headers],
      format: 'json',
    })
  const list = draft(path, { headers })
  const one = `${path}/${own}`
  return {
    list: [
      list,
      list,
      send('POST', path, NAMES),
      send('POST', path, { ...NAMES, ...LINKS, scope: 'orders:read', device: 'true' }),
      send('POST', path, { ...NAMES, token_endpoint_auth_method: 'none', current_password: 'x' }),
      send('POST', path, {
        name: 'Passport',
        redirect: 'https://a.example,https://b.example',
        confidential: 'true',
      }),
    ],
    one: [
      send('PUT', one, { ...NAMES, ...LINKS }),
      send('PUT', one, { client_name: 'Tools', scope: 'null', logo_uri: 'null', client_uri: '""' }),
      send('PUT', one, { device: 'true', redirect_uris: '[]', confidential: 'true' }),
      send('PUT', `${path}/${fixture.web.id}`, NAMES),
      draft(`${path}/${deleted}`, { method: 'DELETE', headers }),
      draft(`${path}/${fixture.web.id}`, { method: 'DELETE', headers }),
    ],
    secret: [
      send('POST', `${one}/secret`, { overlap: '3600' }),
      draft(`${one}/secret`, { method: 'POST', headers }),
      send('POST', `${path}/${fixture.web.id}/secret`, { overlap: '0' }),
    ],
  } satisfies Record<string, Drafts>
}

/** The page for a user's own apps: its views, and the forms on them. */
export async function developerPageRequests(fixture: Fixture, credentials: Credentials): Promise<Drafts> {
  const visitor = await signIn(fixture, credentials)
  const headers = browserHeaders(fixture, visitor)
  const [path, { csrf }] = ['/account/developer', visitor]
  const [app, deleted] = [await getOwnApp(fixture, credentials), await addApp(fixture, credentials)]
  const current = await fixture.server.store.clients.find(app)
  const version = current ? versionOf(current) : ''
  const fields = {
    name: 'Orchard & <b>Tools</b>',
    redirect_uris: 'https://tools.example/a\r\nhttp://127.0.0.1/b',
    homepage: LINKS.client_uri,
    privacy: '',
    terms: '',
    logo: LOGO,
  }
  const register = { csrf, intent: 'register', nonce: randomBase64url(16) }
  const rotation = { csrf, intent: 'rotate', app, version: current ? secretVersionOf(current) : '' }
  const show = (query: Readonly<Record<string, string>>): Draft =>
    draft(path, { query: toPairs(query), headers })
  return [
    draft(path, { headers }),
    show({ new: 'app' }),
    show({ app, saved: version }),
    show({ rotate: app }),
    show({ delete: app }),
    show({ deleted }),
    show({ app: fixture.web.id }),
    post(path, { ...register, ...fields, type: 'confidential', current_password: 'x' }, ...headers),
    post(path, { ...register, ...fields, type: 'public', device: 'on' }, ...headers),
    post(path, { csrf, intent: 'save', app, version, ...fields }, ...headers),
    post(path, { csrf, intent: 'save', app, version, name: '<b>Tools</b>', device: 'on' }, ...headers),
    post(path, { ...rotation, overlap: '3600' }, ...headers),
    post(path, { csrf, intent: 'delete', app: deleted }, ...headers),
    post(path, { csrf, intent: 'delete', app: fixture.web.id }, ...headers),
  ]
}

/** Registers an app of the user. */
async function addApp({ server, user }: Fixture, { created }: Credentials): Promise<string> {
  const registration = {
    name: 'Orchard Tools',
    redirectUris: ['https://tools.example/a'],
    grantTypes: ['authorization_code', 'refresh_token'],
    type: 'confidential',
    owner: user.id,
  } as const
  const { client } = await server.server.clients.create(registration)
  created.clients += 1
  return client.id
}

/** Returns the ID of an app that requests change, or of another one once a mutated request has deleted it. */
async function getOwnApp(fixture: Fixture, credentials: Credentials): Promise<string> {
  const known = ownApps.get(fixture.server) ?? ''
  if ((await fixture.server.store.clients.find(known))?.revokedAt === null) return known
  const id = await addApp(fixture, credentials)
  ownApps.set(fixture.server, id)
  return id
}

const ownApps = new WeakMap<Fixture['server'], string>()
