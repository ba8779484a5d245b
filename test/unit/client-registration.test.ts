import { afterAll, describe, expect, test } from 'vitest'
import { ConfigError } from '../../src/index.ts'
import type { ClientRegistration } from '../../src/index.ts'
import { startServer } from '../support/server.ts'

const server = await startServer()
afterAll(server.close)

/** Returns the paths of all problems; empty if the client is registered. */
async function pathsOf(registration: Partial<ClientRegistration>): Promise<readonly string[]> {
  try {
    await server.server.clients.create({ name: 'Orchard', redirectUris: [BACK], ...registration })
    return []
  } catch (error) {
    if (error instanceof ConfigError) return error.problems.map(({ path }) => path)
    throw error
  }
}

const BACK = 'https://app.example/callback'

describe('a client can be registered', () => {
  test("with an id that cannot be mistaken for a user's", async () => {
    const { client } = await server.server.clients.create({ name: 'Orchard', redirectUris: [BACK] })
    expect(client.id).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/)
  })

  test('with a secret that is returned once; a public client without one', async () => {
    const { client, secret = '' } = await server.server.clients.create({
      name: 'Orchard',
      redirectUris: [BACK],
    })
    expect(Buffer.from(secret, 'base64url')).toHaveLength(32)
    expect(JSON.stringify(await server.server.clients.find(client.id))).not.toContain(secret)
    const open = await server.server.clients.create({ name: 'App', type: 'public', redirectUris: [BACK] })
    expect(open.secret).toBeUndefined()
    expect((await server.store.clients.find(open.client.id))?.secrets).toEqual([])
  })

  test.each<[string, Partial<ClientRegistration>, readonly string[]]>([
    ['for the code grant if there is a redirect URI', {}, ['authorization_code', 'refresh_token']],
    ['as a machine if there is none', { redirectUris: [] }, ['client_credentials']],
    ['for no grant if it follows revocations', { redirectUris: [], followsRevocations: true }, []],
    ['for no grant if it introspects tokens', { redirectUris: [], introspects: true }, []],
  ])('%s', async (_how, changes, grantTypes) => {
    const { client } = await server.server.clients.create({
      name: 'Orchard',
      redirectUris: [BACK],
      ...changes,
    })
    expect(client.grantTypes).toEqual(grantTypes)
  })

  test('with a name of 255 characters, and several redirect URIs', async () => {
    const redirectUris = [BACK, 'https://app.example/other', 'http://127.0.0.1/back']
    expect(await pathsOf({ name: 'n'.repeat(255), redirectUris })).toEqual([])
  })
})

describe('a client cannot be registered', () => {
  test.each<[string, Partial<ClientRegistration>, string]>([
    ['without a name', { name: ' ' }, 'name'],
    ['with a name of 256 characters', { name: 'n'.repeat(256) }, 'name'],
    ['with a line break in its name', { name: 'Or\nchard' }, 'name'],
    ['with a plain number as its id, which could be a user id', { id: '7' }, 'id'],
    ['with a space in its id', { id: 'my app' }, 'id'],
    [
      'for the code grant without a redirect URI',
      { redirectUris: [], grantTypes: ['authorization_code'] },
      'redirectUris',
    ],
    ['with a redirect URI without TLS', { redirectUris: [BACK, 'http://app.example/'] }, 'redirectUris[1]'],
    ['with a redirect URI that is listed twice', { redirectUris: [BACK, BACK] }, 'redirectUris[1]'],
    [
      'with 51 redirect URIs',
      { redirectUris: Array.from({ length: 51 }, (_, index) => `${BACK}/${index}`) },
      'redirectUris',
    ],
    ['with an unknown grant', { grantTypes: ['authorization_code', 'codes'] }, 'grantTypes[1]'],
    ['with an invalid scope', { scopes: ['orders:read', 'my "orders"'] }, 'scopes[1]'],
    ['with an invalid grace window', { graceWindow: 'long' as '1h' }, 'graceWindow'],
    [
      'as a public machine',
      { type: 'public', redirectUris: [], grantTypes: ['client_credentials'] },
      'grantTypes',
    ],
    [
      'that follows revocations without a secret',
      { type: 'public', followsRevocations: true },
      'followsRevocations',
    ],
    [
      'that follows revocations with an owner',
      { ownerId: 'ada', followsRevocations: true },
      'followsRevocations',
    ],
    ['that introspects without a secret', { type: 'public', introspects: true }, 'introspects'],
    ['that introspects with an owner', { ownerId: 'ada', introspects: true }, 'introspects'],
    ['as third-party that introspects', { isThirdParty: true, introspects: true }, 'introspects'],
    ['that skips consent with an owner', { ownerId: 'ada', skipsConsent: true }, 'skipsConsent'],
    ['for the password grant with an owner', { ownerId: 'ada', grantTypes: ['password'] }, 'grantTypes'],
    [
      'for client credentials with an owner',
      { ownerId: 'ada', grantTypes: ['client_credentials'] },
      'grantTypes',
    ],
    ['without a redirect URI and with an owner', { ownerId: 'ada', redirectUris: [] }, 'grantTypes'],
    ['as first-party with an owner', { ownerId: 'ada', isThirdParty: false }, 'isThirdParty'],
    ['as third-party that skips consent', { isThirdParty: true, skipsConsent: true }, 'skipsConsent'],
    ['as third-party for the password grant', { isThirdParty: true, grantTypes: ['password'] }, 'grantTypes'],
    [
      'as third-party that follows revocations',
      { isThirdParty: true, followsRevocations: true },
      'followsRevocations',
    ],
    ['with an empty publisher', { publisher: ' ' }, 'publisher'],
    ['with a line break in its publisher', { publisher: 'Or\nchard' }, 'publisher'],
    ['with half a surrogate pair in its name', { name: 'Orchard \ud83d' }, 'name'],
  ])('%s', async (_what, registration, path) => {
    expect(await pathsOf(registration)).toEqual([path])
  })

  test.each<[string, object, string]>([
    ['no name', { name: undefined }, 'name'],
    ['an unknown type', { type: 'Public' }, 'type'],
    ['a redirect URI instead of a list', { redirectUris: BACK }, 'redirectUris'],
    ['redirect URIs that are not strings', { redirectUris: [BACK, null] }, 'redirectUris'],
    ['null as its scopes', { scopes: null }, 'scopes'],
    ['a number as its owner', { ownerId: 7 }, 'ownerId'],
    ['a string as a boolean', { skipsConsent: 'false' }, 'skipsConsent'],
    ['a string as isThirdParty', { isThirdParty: 'false' }, 'isThirdParty'],
    ['a URL object as its homepage', { homepage: new URL('https://app.example') }, 'homepage'],
    ['null as its logo', { logo: null }, 'logo'],
    ['a misspelled option', { requirePkce: true }, 'requirePkce'],
  ])('with %s, as a form or plain JavaScript may send it', async (_what, registration, path) => {
    expect(await pathsOf(registration)).toEqual([path])
  })

  test('and every problem is reported', async () => {
    const registration = { name: '', id: '7', redirectUris: ['app'], scopes: [''], grantTypes: ['x'] }
    expect([...(await pathsOf(registration))].sort()).toEqual([
      'grantTypes[0]',
      'id',
      'name',
      'redirectUris[0]',
      'scopes[0]',
    ])
  })
})

const IMAGE = 'data:image/png;base64,iVBORw0KGgo='

describe('the details of a client', () => {
  test('is stored as given, and null by default', async () => {
    const presentation = {
      logo: IMAGE,
      homepage: 'https://app.example',
      privacy: 'https://app.example/privacy?lang=de#data',
      terms: 'https://bücher.example/terms',
      publisher: 'Orchard Ltd',
    }
    const { client } = await server.server.clients.create({
      name: 'Orchard',
      redirectUris: [BACK],
      ...presentation,
    })
    expect(await server.server.clients.find(client.id)).toMatchObject(presentation)
    const { client: plain } = await server.server.clients.create({ name: 'Plain', redirectUris: [BACK] })
    expect(plain).toMatchObject({ logo: null, homepage: null, privacy: null, terms: null, publisher: null })
  })

  test.each([
    '/logo.png',
    '/assets/logos/shop.svg?v=2',
    IMAGE,
    'data:image/svg+xml;base64,PHN2Zy8+',
    `data:image/webp;base64,${'A'.repeat(32_768 - 23)}`,
  ])('accepts the logo %.40s', async (logo) => {
    expect(await pathsOf({ logo })).toEqual([])
  })

  test.each([
    ['an image from another origin', 'https://cdn.example/logo.png'],
    ['a path to another host', '//cdn.example/logo.png'],
    ['a path that browsers treat as another host', '/\\cdn.example/logo.png'],
    ['a tab that browsers drop, so that another host remains', '/\t/cdn.example/logo.png'],
    ['a relative path', 'logo.png'],
    ['a path with a quote', '/logo.png" onerror="alert(1)'],
    ['an empty string', ''],
    ['a document in a data URI', 'data:text/html;base64,PGI+'],
    ['a data URI with unencoded markup', 'data:image/svg+xml,<svg onload=alert(1)>'],
    ['a data URI without data', 'data:image/png;base64,'],
    ['a data URI that is too long', `data:image/png;base64,${'A'.repeat(32_769 - 22)}`],
    ['a path that is too long', `/${'a'.repeat(2048)}`],
  ])('rejects %s as a logo', async (_what, logo) => {
    expect(await pathsOf({ logo })).toEqual(['logo'])
  })

  test.each([
    ['http', 'http://app.example'],
    ['another scheme', 'javascript:alert(1)'],
    ['a path', '/privacy'],
    ['no host', 'https://'],
    ['a password', 'https://user:secret@app.example'],
    ['a space', 'https://app.example/a b'],
    ['a backslash', 'https://app.example\\@evil.example'],
    ['a line break', 'https://app.example/\nx'],
    ['half a surrogate pair', 'https://app.example/\ud800'],
    ['too many characters', `https://app.example/${'a'.repeat(2048)}`],
    ['nothing', ''],
  ])('rejects links with %s', async (_what, url) => {
    expect(await pathsOf({ homepage: url, privacy: url, terms: url })).toEqual([
      'homepage',
      'privacy',
      'terms',
    ])
  })
})

describe('third-party clients', () => {
  test.each<[string, Partial<ClientRegistration>, object]>([
    ['first-party by default', {}, { isThirdParty: false, endsWithSession: true }],
    ['third-party with an owner', { ownerId: 'ada' }, { isThirdParty: true, endsWithSession: false }],
    ['third-party if registered so', { isThirdParty: true }, { isThirdParty: true, endsWithSession: false }],
  ])('are %s', async (_what, registration, expected) => {
    const { client } = await server.server.clients.create({
      name: 'Orchard',
      redirectUris: [BACK],
      ...registration,
    })
    expect(await server.server.clients.find(client.id)).toMatchObject(expected)
  })
})
