import type { Authorization } from '../../model/authorization.ts'
import type { Store } from '../../store/contract.ts'
import type { Suite } from './suite.ts'
import {
  ALICE,
  BOB,
  MINUTE,
  NOW,
  authorize,
  currentEpochs,
  sampleAuthorization,
  sampleRefresh,
  sampleClient,
  sampleCode,
  sampleSession,
  signIn,
} from './samples.ts'

const TARGET = { clientId: 'web', subject: 'alice' } as const

export function testConnections({ describe, test, expect }: Suite): void {
  describe('connections', () => {
    test('sum up the live authorizations of a client', async (store) => {
      await authorizeSeveral(store)
      expect(await store.connections.list(ALICE, NOW + 2)).toEqual([
        {
          clientId: 'web',
          grants: [{ scopes: ['a'], resources: [] }],
          consent: undefined,
          connectedAt: NOW,
          lastUsedAt: NOW + 9,
          authorizations: 2,
        },
      ])
    })

    test('have each combination of scopes and resources once', async (store) => {
      await authorize(store, { scopes: ['a'], resources: [] })
      const others = [{ scopes: ['b'] }, { scopes: ['a'] }, { scopes: ['a'], resources: [] }]
      for (const [index, changes] of others.entries())
        await store.authorizations.insert(sampleAuthorization({ id: `${index}`, ...changes }), 'alice')
      const [connection] = await store.connections.list(ALICE, NOW)
      const { resources } = sampleAuthorization()
      const texts = connection?.grants.map((grant) => JSON.stringify(grant)).toSorted()
      const expected = [
        { scopes: ['a'], resources },
        { scopes: ['a'], resources: [] },
        { scopes: ['b'], resources },
      ]
      expect(texts).toEqual(expected.map((grant) => JSON.stringify(grant)).toSorted())
      expect(connection?.authorizations).toBe(4)
    })

    test('are there with a consent alone, and start with the first one', async (store) => {
      await signIn(store)
      await store.consents.add(ALICE, 'web', ['a'], NOW)
      await store.consents.add(ALICE, 'web', ['b'], NOW + 1)
      const [connection] = await store.connections.list(ALICE, NOW + 2)
      expect({ ...connection, consent: connection?.consent?.toSorted() }).toEqual({
        clientId: 'web',
        grants: [],
        consent: ['a', 'b'],
        connectedAt: NOW,
        lastUsedAt: null,
        authorizations: 0,
      })
    })

    test('have a consent without entries', async (store) => {
      await authorize(store)
      await store.consents.add(ALICE, 'web', [], NOW - 1)
      const [connection] = await store.connections.list(ALICE, NOW)
      expect(connection?.consent).toEqual([])
      expect([connection?.connectedAt, connection?.authorizations]).toEqual([NOW - 1, 1])
    })

    test('keep the last use of expired authorizations', async (store) => {
      await authorize(store, { lastUsedAt: NOW + 5, expiresAt: NOW + 6, accessExpiresAt: NOW + 6 })
      await store.consents.add(ALICE, 'web', ['a'], NOW)
      const [connection] = await store.connections.list(ALICE, NOW + 6)
      expect([connection?.lastUsedAt, connection?.authorizations]).toEqual([NOW + 5, 0])
      expect(connection?.grants).toEqual([])
    })

    test('are not there with expired authorizations alone', async (store) => {
      await authorize(store, { expiresAt: NOW, accessExpiresAt: NOW })
      expect(await store.connections.list(ALICE, NOW)).toEqual([])
    })

    test('are only those of the user', async (store) => {
      await authorize(store)
      await store.consents.add(ALICE, 'web', ['a'], NOW)
      for (const user of [BOB, { ...ALICE, provider: 'admins' }])
        expect(await store.connections.list(user, NOW)).toEqual([])
    })

    test('leave out unknown, revoked and reserved clients', async (store) => {
      await authorize(store)
      for (const clientId of ['web', 'unknown']) await store.consents.add(ALICE, clientId, ['a'], NOW)
      for (const clientId of ['personal-access', 'sign-in'])
        await store.authorizations.insert(sampleAuthorization({ id: clientId, clientId }), 'alice')
      expect((await store.connections.list(ALICE, NOW)).map(({ clientId }) => clientId)).toEqual(['web'])
      await store.revocations.revoke({ kind: 'client', id: 'web' }, NOW)
      expect(await store.connections.list(ALICE, NOW)).toEqual([])
    })

    test('list the live authorizations of third parties, newest first', async (store) => {
      await authorize(store)
      const clients = {
        theirs: { isThirdParty: true },
        owned: { ownerId: 'bob' },
        revoked: { ownerId: 'bob' },
      }
      for (const [id, changes] of Object.entries(clients))
        await store.clients.insert(sampleClient({ id, ...changes }))
      const samples: Readonly<Record<string, Partial<Authorization>>> = {
        old: { clientId: 'theirs' },
        new: { clientId: 'owned', createdAt: NOW + 2 },
        newer: { clientId: 'theirs', createdAt: NOW + 3 },
        expired: { clientId: 'theirs', expiresAt: NOW + 3, accessExpiresAt: NOW + 3 },
        'of a revoked client': { clientId: 'revoked' },
        'of bob': { ...BOB, clientId: 'theirs', sessionId: null },
        'of another provider': { provider: 'admins', clientId: 'theirs', sessionId: null },
        'revoked before': { clientId: 'theirs' },
        token: { clientId: 'personal-access', name: 'token' },
      }
      for (const [id, changes] of Object.entries(samples))
        await store.authorizations.insert(sampleAuthorization({ id, ...changes }), changes.userId ?? 'alice')
      await store.revocations.revoke({ kind: 'client', id: 'revoked' }, NOW)
      await store.revocations.revoke({ kind: 'authorization', id: 'revoked before' }, NOW)
      const list = async (limit: number) =>
        (await store.connections.listAuthorizations(ALICE, NOW + 3, limit)).map(({ id }) => id)
      expect(await list(10)).toEqual(['newer', 'new', 'old'])
      expect(await list(2)).toEqual(['newer', 'new'])
    })
  })

  describe('disconnecting a client', () => {
    test('deletes the consent and revokes the authorizations of one user and one client only', async (store) => {
      await authorize(store)
      await store.clients.insert(sampleClient({ id: 'other' }))
      const admin = { ...ALICE, provider: 'admins' }
      const others = {
        'of bob': { ...BOB, sessionId: null },
        'of another provider': { ...admin, sessionId: null },
        'other client': { clientId: 'other' },
      }
      for (const [id, changes] of Object.entries(others))
        await store.authorizations.insert(sampleAuthorization({ id, ...changes }), 'alice')
      for (const user of [ALICE, BOB, admin])
        for (const client of ['web', 'other']) await store.consents.add(user, client, ['a'], NOW)
      expect((await store.connections.disconnect(ALICE, TARGET, NOW + 1)).wasConnected).toBe(true)
      const revokedAt = async (id: string) => (await store.authorizations.find(id))?.revokedAt
      expect(await revokedAt('azn')).toBe(NOW + 1)
      expect(await Promise.all(Object.keys(others).map(revokedAt))).toEqual([null, null, null])
      expect(await store.consents.find(ALICE, 'web')).toBe(undefined)
      expect(await store.consents.find(ALICE, 'other')).toEqual(['a'])
      for (const user of [BOB, admin]) expect(await store.consents.find(user, 'web')).toEqual(['a'])
    })

    test('writes an entry for each authorization whose access tokens may be valid', async (store) => {
      await signIn(store)
      const ends = { long: NOW + 15 * MINUTE, short: NOW + 1, recent: NOW - 1, past: NOW - MINUTE }
      for (const [id, accessExpiresAt] of Object.entries(ends))
        await store.authorizations.insert(sampleAuthorization({ id, accessExpiresAt }), 'alice')
      const before = sampleAuthorization({ id: 'revoked before', revokedAt: NOW - 1 })
      await store.authorizations.insert(before, 'alice')
      const { entries } = await store.connections.disconnect(ALICE, TARGET, NOW)
      const common = { kind: 'authorization', sub: 'alice', epoch: 0 }
      expect(entries.map(({ subject }) => subject).toSorted()).toEqual(['long', 'recent', 'short'])
      for (const entry of entries) {
        const expiresAt = entry.subject === 'long' ? NOW + 15 * MINUTE : NOW + MINUTE
        expect(entry).toEqual({ ...common, id: entry.id, subject: entry.subject, expiresAt })
      }
      expect(await store.revocations.listSince(0, NOW, 10)).toEqual(entries.toSorted((a, b) => a.id - b.id))
    })

    test('can be repeated, and then changes nothing', async (store) => {
      await authorize(store)
      const first = await store.connections.disconnect(ALICE, TARGET, NOW + 1)
      expect(first.entries.length).toBe(1)
      const again = await store.connections.disconnect(ALICE, TARGET, NOW + 2)
      expect(again).toEqual({ wasConnected: false, entries: [] })
      expect((await store.authorizations.find('azn'))?.revokedAt).toBe(NOW + 1)
      expect(await store.revocations.listSince(0, NOW, 10)).toEqual(first.entries)
    })

    test('says whether there was a consent alone or a code alone', async (store) => {
      await signIn(store)
      expect((await store.connections.disconnect(ALICE, TARGET, NOW)).wasConnected).toBe(false)
      await store.consents.add(ALICE, 'web', [], NOW)
      expect((await store.connections.disconnect(ALICE, TARGET, NOW)).wasConnected).toBe(true)
      await store.codes.insert(sampleCode(), 'alice')
      expect((await store.connections.disconnect(ALICE, TARGET, NOW)).wasConnected).toBe(true)
    })

    test('stops refreshes, but not later authorizations', async (store) => {
      await authorize(store)
      await store.connections.disconnect(ALICE, TARGET, NOW + 1)
      expect(await store.authorizations.refresh(sampleRefresh())).toBe(undefined)
      const later = sampleAuthorization({ id: 'later', epochs: await currentEpochs(store) })
      expect(await store.authorizations.insert(later, 'alice')).toBe(true)
      expect((await store.authorizations.listByUser(ALICE, NOW)).map(({ id }) => id)).toEqual(['later'])
    })

    test('voids the unspent codes of this user and client', async (store) => {
      await signIn(store)
      await store.clients.insert(sampleClient({ id: 'other' }))
      await store.sessions.insert(sampleSession({ ...BOB, id: 'bob' }), 'bob')
      const codes = {
        pending: {},
        spent: {},
        'for another client': { clientId: 'other' },
        'of another provider': { provider: 'admins' },
        'of another user': { ...BOB, sessionId: 'bob' },
      }
      for (const [hash, changes] of Object.entries(codes)) {
        const subject = hash === 'of another user' ? 'bob' : 'alice'
        await store.codes.insert(sampleCode({ hash, authorizationId: hash, ...changes }), subject)
      }
      await store.codes.spend('spent', NOW)
      await store.connections.disconnect(ALICE, TARGET, NOW + 1)
      const voided = async (hash: string) => (await store.codes.find(hash))?.voidedAt
      expect(await Promise.all(Object.keys(codes).map(voided))).toEqual([NOW + 1, null, null, null, null])
      const authorization = sampleAuthorization({ id: 'pending' })
      expect(await store.codes.exchange('pending', authorization, 'alice', NOW + 1)).toBe(false)
    })

    test('leaves nothing of racing exchanges, refreshes and consents', async (store) => {
      await authorize(store)
      const ids = Array.from({ length: 20 }, (_, index) => `azn-${index}`)
      for (const id of ids) await store.codes.insert(sampleCode({ hash: id, authorizationId: id }), 'alice')
      const race = (id: string) => [
        store.codes.exchange(id, sampleAuthorization({ id }), 'alice', NOW + 1),
        store.consents.add(ALICE, 'web', ['a'], NOW + 1, id),
      ]
      const before = ids.slice(0, 10).flatMap(race)
      const disconnected = store.connections.disconnect(ALICE, TARGET, NOW + 1)
      await Promise.all([...before, disconnected, ...ids.slice(10).flatMap(race)])
      expect(await store.authorizations.listByUser(ALICE, NOW + 1)).toEqual([])
      expect(await store.connections.list(ALICE, NOW + 1)).toEqual([])
    })
  })
}

/** Authorizations of Alice for `web`: two that are live, and others that do not count. */
async function authorizeSeveral(store: Store): Promise<void> {
  const common = { scopes: ['a'], resources: [] }
  await authorize(store, { ...common, createdAt: NOW, lastUsedAt: NOW + 1 })
  const samples: Readonly<Record<string, Partial<Authorization>>> = {
    'with an access token only': { createdAt: NOW + 1, lastUsedAt: NOW + 9, expiresAt: NOW },
    expired: { createdAt: NOW - 9, lastUsedAt: NOW - 9, expiresAt: NOW, accessExpiresAt: NOW + 1 },
    revoked: { createdAt: NOW - 9, lastUsedAt: NOW + 99 },
  }
  for (const [id, changes] of Object.entries(samples))
    await store.authorizations.insert(sampleAuthorization({ id, ...common, ...changes }), 'alice')
  await store.revocations.revoke({ kind: 'authorization', id: 'revoked' }, NOW)
}
