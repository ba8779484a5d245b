import type { Client } from '../../model/client.ts'
import type { Store } from '../../store/contract.ts'
import type { Suite } from './suite.ts'
import { failureOf, NOW, sampleClient } from './samples.ts'

const FULL = sampleClient({
  type: 'confidential',
  secrets: [
    { hash: 'new', expiresAt: null },
    { hash: 'old', expiresAt: NOW },
  ],
  scopes: ['orders:read'],
  ownerId: 'alice',
  isThirdParty: true,
  logo: `data:image/png;base64,${'A'.repeat(32_000)}`,
  homepage: 'https://web.example',
  privacy: 'https://web.example/privacy',
  terms: 'https://web.example/terms',
  publisher: 'Web & Söhne',
  requiresPkce: false,
  skipsConsent: true,
  endsWithSession: false,
  followsRevocations: true,
  introspects: true,
  graceWindow: 5000,
  accessTokenLifetime: 300_000,
  refreshTokenLifetime: 3_153_600_000_000,
  refreshTokenMaximumLifetime: 1000,
  fields: { plan: 'pro', seats: 5, tags: ['α', null], nested: { isOn: false } },
})

export function testClients({ describe, test, expect }: Suite): void {
  describe('clients', () => {
    test('finds a client as it was inserted', async ({ clients }) => {
      await clients.insert(FULL)
      expect(await clients.find('web')).toEqual(FULL)
    })

    test('returns undefined for an unknown client', async ({ clients }) => {
      expect(await clients.find('web')).toBe(undefined)
    })

    test('finds several clients, without unknown ones', async (store) => {
      const ids = Array.from({ length: 1_100 }, (_, index) => `client-${index}`)
      for (const id of [ids[0], ids[499], ids[600], ids[1_099]])
        await store.clients.insert(sampleClient({ id: id ?? '' }))
      await store.clients.insert(FULL)
      await store.revocations.revoke({ kind: 'client', id: 'client-600' }, NOW)
      const found = await store.clients.findMany([...ids, 'WEB'])
      expect(found.map(({ id }) => id).toSorted()).toEqual([
        'client-0',
        'client-1099',
        'client-499',
        'client-600',
      ])
      expect(await store.clients.findMany(['web'])).toEqual([FULL])
      expect(await store.clients.findMany(['client-600'])).toEqual([await store.clients.find('client-600')])
      expect(await store.clients.findMany([])).toEqual([])
    })

    test('treats ids that differ in case as different clients', async ({ clients }) => {
      await clients.insert(sampleClient())
      await clients.insert(sampleClient({ id: 'WEB', name: 'Another' }))
      expect((await clients.find('WEB'))?.name).toBe('Another')
      expect((await clients.find('web'))?.name).toBe('The web app')
    })

    test('throws an Error if the id is taken, and changes nothing', async ({ clients }) => {
      await clients.insert(sampleClient())
      expect(await failureOf(clients.insert(sampleClient({ name: 'Impostor' })))).toBe('Error')
      expect((await clients.find('web'))?.name).toBe('The web app')
    })

    test('finds a revoked client, with its current epoch', async ({ clients, revocations }) => {
      await clients.insert(sampleClient())
      await revocations.revoke({ kind: 'client', id: 'web' }, NOW)
      expect(await clients.find('web')).toEqual(sampleClient({ epoch: 1, revokedAt: NOW }))
    })

    test('lists clients by id, in pages', async ({ clients }) => {
      for (const id of ['c', 'a', 'd', 'b']) await clients.insert(sampleClient({ id }))
      const idsOf = async (page: { limit?: number; after?: string }) =>
        (await clients.list(page)).map(({ id }) => id)
      expect(await idsOf({})).toEqual(['a', 'b', 'c', 'd'])
      expect(await idsOf({ limit: 2 })).toEqual(['a', 'b'])
      expect(await idsOf({ limit: 2, after: 'b' })).toEqual(['c', 'd'])
      expect(await idsOf({ after: 'd' })).toEqual([])
    })

    test('lists at most 100 clients unless a limit is given', async ({ clients }) => {
      const ids = Array.from({ length: 101 }, (_, index) => `client-${1000 + index}`)
      for (const id of ids) await clients.insert(sampleClient({ id }))
      expect((await clients.list()).length).toBe(100)
      expect((await clients.list({ limit: 200 })).length).toBe(101)
    })

    test('lists only the clients of an owner', async ({ clients }) => {
      await clients.insert(sampleClient())
      await clients.insert(sampleClient({ id: 'hers', ownerId: 'alice' }))
      await clients.insert(sampleClient({ id: 'his', ownerId: 'bob' }))
      expect((await clients.list({ ownerId: 'alice' })).map(({ id }) => id)).toEqual(['hers'])
    })

    test('lists only unrevoked clients with isActive', async ({ clients, revocations }) => {
      for (const id of ['a', 'b', 'c']) await clients.insert(sampleClient({ id, ownerId: 'alice' }))
      await revocations.revoke({ kind: 'client', id: 'b' }, NOW)
      const list = await clients.list({ ownerId: 'alice', isActive: true })
      expect(list.map(({ id }) => id)).toEqual(['a', 'c'])
      expect((await clients.list({ ownerId: 'alice' })).length).toBe(3)
    })

    test('never lists the clients of all owners for an undefined owner', async ({ clients }) => {
      await clients.insert(sampleClient())
      const options = { ownerId: undefined } as unknown as { ownerId: string }
      expect(await failureOf(clients.list(options))).toBe('ConfigError')
    })

    test('rejects a limit that is not a positive integer, in every list', async (store) => {
      for (const limit of [0, -1, 1.5, Number.NaN, Number.POSITIVE_INFINITY, '2' as unknown as number]) {
        const lists = [
          store.clients.list({ limit }),
          store.users.list({ limit }),
          store.sessions.list(NOW, { limit }),
          store.authorizations.list(NOW, { limit }),
        ]
        expect(await Promise.all(lists.map(failureOf))).toEqual(lists.map(() => 'ConfigError'))
      }
    })

    test('updates only the given values', async ({ clients }) => {
      await clients.insert(FULL)
      const changes = {
        name: 'Renamed',
        secrets: [],
        redirectUris: ['https://new.example/callback'],
        grantTypes: ['client_credentials'],
        scopes: null,
        requiresPkce: true,
        skipsConsent: false,
        endsWithSession: true,
        followsRevocations: false,
        introspects: false,
        logo: '/logos/web.svg',
        homepage: null,
        privacy: 'https://web.example/your-data',
        terms: null,
        publisher: 'Web Ltd',
        graceWindow: null,
        accessTokenLifetime: null,
        refreshTokenLifetime: 5000,
        refreshTokenMaximumLifetime: null,
        fields: {},
      }
      expect(await clients.update('web', changes)).toEqual({ ...FULL, ...changes })
      expect(await clients.find('web')).toEqual({ ...FULL, ...changes })
      await clients.update('web', { name: 'Again' })
      expect(await clients.find('web')).toEqual({ ...FULL, ...changes, name: 'Again' })
      expect((await clients.update('web', {}))?.name).toBe('Again')
    })

    test('updates a client by a function of its current state', async ({ clients }) => {
      await clients.insert(FULL)
      const secretsAfter = ({ secrets }: Client) => [{ hash: 'next', expiresAt: null }, ...secrets]
      const updated = { ...FULL, secrets: secretsAfter(FULL) }
      expect(await clients.update('web', (current) => ({ secrets: secretsAfter(current) }))).toEqual(updated)
      expect(await clients.find('web')).toEqual(updated)
      expect(await clients.update('unknown', () => ({ name: 'New' }))).toBe(undefined)
    })

    test('changes nothing if the function throws, and rethrows its error', async ({ clients }) => {
      await clients.insert(FULL)
      const refuse = (): never => {
        throw new RangeError('not this one')
      }
      expect(await failureOf(clients.update('web', refuse))).toBe('RangeError')
      expect(await clients.find('web')).toEqual(FULL)
      expect(await clients.update('web', () => ({ name: 'Next' }))).toEqual({ ...FULL, name: 'Next' })
    })

    test('loses none of 20 parallel updates by a function', async ({ clients }) => {
      await clients.insert(FULL)
      const add = (uri: string) =>
        clients.update('web', ({ redirectUris }) => ({ redirectUris: [...redirectUris, uri] }))
      const uris = Array.from({ length: 20 }, (_, index) => `https://racer.example/${index}`)
      await Promise.all(uris.map(add))
      const { redirectUris = [] } = (await clients.find('web')) ?? {}
      expect(redirectUris.length).toBe(FULL.redirectUris.length + 20)
      expect(uris.every((uri) => redirectUris.includes(uri))).toBe(true)
    })

    test('returns undefined for an update of an unknown client', async ({ clients }) => {
      expect(await clients.update('web', { name: 'New' })).toBe(undefined)
    })
  })

  describe('the limits of an owner', () => {
    const LIMITS = { active: 2, recent: 3, since: NOW - 1, userEpoch: 0 }
    const addTo =
      ({ clients }: Store) =>
      (id: string, changes: Partial<Client> = {}) =>
        clients.insert(sampleClient({ id, ownerId: 'alice', ...changes }), LIMITS)

    test('refuse a client above the number of unrevoked ones, and insert nothing', async (store) => {
      const add = addTo(store)
      expect([await add('a'), await add('b'), await add('c')]).toEqual(['inserted', 'inserted', 'full'])
      expect(await store.clients.find('c')).toBe(undefined)
      expect(await add('c', { ownerId: 'bob' })).toBe('inserted')
    })

    test('count recent clients although they are revoked', async (store) => {
      const add = addTo(store)
      expect(await add('old', { createdAt: NOW - 1 })).toBe('inserted')
      await store.revocations.revoke({ kind: 'client', id: 'old' }, NOW)
      for (const id of ['a', 'b', 'c']) {
        expect(await add(id)).toBe('inserted')
        await store.revocations.revoke({ kind: 'client', id }, NOW)
      }
      expect(await add('d')).toBe('throttled')
      expect(await store.clients.find('d')).toBe(undefined)
    })

    test('refuse an owner who was signed out everywhere', async (store) => {
      const user = { provider: 'users', userId: 'alice' }
      await store.revocations.revoke({ kind: 'user', user, subject: 'alice' }, NOW)
      expect(await addTo(store)('a')).toBe('revoked')
      expect(await store.clients.find('a')).toBe(undefined)
      const current = { ...LIMITS, userEpoch: 1 }
      expect(await store.clients.insert(sampleClient({ ownerId: 'alice' }), current)).toBe('inserted')
    })

    test('hold for 10 parallel registrations', async (store) => {
      const add = addTo(store)
      const outcomes = await Promise.all(Array.from({ length: 10 }, (_, index) => add(`client-${index}`)))
      expect(outcomes.filter((outcome) => outcome === 'inserted').length).toBe(2)
      expect((await store.clients.list({ ownerId: 'alice' })).length).toBe(2)
    })
  })

  describe('public origins', () => {
    test('include the origins of the current redirect URIs of public clients', async ({ clients }) => {
      await clients.insert(sampleClient({ redirectUris: ['https://app.example/a', 'https://app.example/b'] }))
      expect(await clients.isPublicOrigin('https://app.example')).toBe(true)
      expect(await clients.isPublicOrigin('https://other.example')).toBe(false)
      await clients.update('web', { redirectUris: ['https://other.example/a', 'com.example.app:/callback'] })
      expect(await clients.isPublicOrigin('https://app.example')).toBe(false)
      expect(await clients.isPublicOrigin('https://other.example')).toBe(true)
    })

    test('stay the same if an update has no redirect URIs', async ({ clients }) => {
      await clients.insert(sampleClient())
      await clients.update('web', { name: 'Renamed' })
      expect(await clients.isPublicOrigin('https://app.example')).toBe(true)
    })

    test('do not include those of confidential clients', async ({ clients }) => {
      await clients.insert(FULL)
      expect(await clients.isPublicOrigin('https://app.example')).toBe(false)
    })

    test('do not include those of revoked clients, unless another client has the same origin', async (store) => {
      await store.clients.insert(sampleClient())
      await store.clients.insert(sampleClient({ id: 'second' }))
      await store.revocations.revoke({ kind: 'client', id: 'web' }, NOW)
      expect(await store.clients.isPublicOrigin('https://app.example')).toBe(true)
      await store.revocations.revoke({ kind: 'client', id: 'second' }, NOW)
      expect(await store.clients.isPublicOrigin('https://app.example')).toBe(false)
    })
  })
}
