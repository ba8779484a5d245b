import type { Authorization } from '../../model/authorization.ts'
import type { RefreshUpdate } from '../../store/authorizations.ts'
import type { Store } from '../../store/contract.ts'
import type { RevocationTarget } from '../../store/revocations.ts'
import type { Suite } from './suite.ts'
import {
  ALICE,
  BOB,
  MINUTE,
  NOW,
  currentEpochs,
  sampleAuthorization,
  sampleRefresh,
  sampleClient,
  sampleCode,
  signIn,
} from './samples.ts'

const TARGET: RevocationTarget = { kind: 'user', user: ALICE, subject: 'alice', keepThirdParties: true }

/** A password change revokes a user but keeps third-party clients connected. */
export function testKeepingThirdParties({ describe, test, expect }: Suite): void {
  describe('revoking a user but keeping third parties', () => {
    test('moves third-party authorizations without a session to the new epoch and revokes the rest', async (store) => {
      await authorizeAll(store)
      await store.revocations.revoke(TARGET, NOW)
      const revokedAt = async (id: string) => (await store.authorizations.find(id))?.revokedAt
      const ids = ['theirs', 'theirs on laptop', 'ours', 'ours on laptop', 'bob']
      expect(await Promise.all(ids.map(revokedAt))).toEqual([null, NOW, NOW, NOW, null])
      expect((await store.authorizations.find('theirs'))?.epochs.user).toBe(1)
      expect((await store.authorizations.find('bob'))?.epochs.user).toBe(0)
      expect((await store.sessions.find('laptop'))?.revokedAt).toBe(NOW)
    })

    test('keeps refreshes working for third parties only', async (store) => {
      await authorizeAll(store)
      await store.revocations.revoke(TARGET, NOW)
      expect((await store.authorizations.refresh(refreshOf('theirs')))?.id).toBe('theirs')
      expect(await store.authorizations.refresh(refreshOf('ours'))).toBe(undefined)
    })

    test('voids the codes of all clients and refuses authorizations from before', async (store) => {
      await authorizeAll(store)
      await store.codes.insert(sampleCode({ clientId: 'theirs', endsWithSession: false }), 'alice')
      await store.revocations.revoke(TARGET, NOW)
      expect((await store.codes.find('code'))?.voidedAt).toBe(NOW)
      const insertion = sampleAuthorization({ id: 'late', clientId: 'theirs', sessionId: null })
      expect(await store.authorizations.insert(insertion, 'alice')).toBe(false)
    })

    test('returns the same entry as another revocation of the user, which stops all access tokens', async (store) => {
      await authorizeAll(store)
      const entry = await store.revocations.revoke(TARGET, NOW)
      expect(entry).toEqual({
        ...entry,
        kind: 'user',
        subject: 'alice',
        epoch: 1,
        expiresAt: NOW + 15 * MINUTE,
      })
    })

    test('does not restore authorizations that were revoked before', async (store) => {
      await authorizeAll(store)
      await store.revocations.revoke({ kind: 'authorization', id: 'theirs' }, NOW)
      await store.revocations.revoke({ kind: 'user', user: ALICE, subject: 'alice' }, NOW)
      const epochs = await currentEpochs(store)
      const later = sampleAuthorization({ id: 'later', clientId: 'theirs', sessionId: null, epochs })
      await store.authorizations.insert(later, 'alice')
      await store.revocations.revoke(TARGET, NOW + 1)
      expect((await store.authorizations.find('theirs'))?.revokedAt).toBe(NOW)
      expect((await store.authorizations.listByUser(ALICE, NOW)).map(({ id }) => id)).toEqual(['later'])
    })

    test('does not restore authorizations of an earlier epoch that are not marked as revoked', async (store) => {
      await authorizeAll(store)
      const elsewhere = { provider: 'admins', userId: 'alice' }
      await store.revocations.revoke({ kind: 'user', user: elsewhere, subject: 'alice' }, NOW)
      await store.revocations.revoke(TARGET, NOW + 1)
      expect((await store.authorizations.find('theirs'))?.revokedAt).toBe(NOW + 1)
      expect(await store.authorizations.refresh(refreshOf('theirs'))).toBe(undefined)
    })

    test('can be repeated', async (store) => {
      await authorizeAll(store)
      for (let count = 0; count < 3; count += 1) await store.revocations.revoke(TARGET, NOW)
      expect((await store.authorizations.find('theirs'))?.epochs.user).toBe(3)
      expect((await store.authorizations.listByUser(ALICE, NOW)).map(({ id }) => id)).toEqual(['theirs'])
    })
  })
}

/** Inserts one authorization of each kind, for a third-party client and a first-party one. */
async function authorizeAll(store: Store): Promise<void> {
  await signIn(store)
  await store.clients.insert(sampleClient({ id: 'theirs', isThirdParty: true, endsWithSession: false }))
  const samples: readonly (readonly [string, Partial<Authorization>])[] = [
    ['theirs', { clientId: 'theirs', sessionId: null }],
    ['theirs on laptop', { clientId: 'theirs' }],
    ['ours', { sessionId: null }],
    ['ours on laptop', {}],
    ['bob', { ...BOB, clientId: 'theirs', sessionId: null }],
  ]
  for (const [id, changes] of samples) {
    await store.authorizations.insert(sampleAuthorization({ id, ...changes }), changes.userId ?? 'alice')
  }
}

const refreshOf = (id: 'theirs' | 'ours'): RefreshUpdate =>
  sampleRefresh({ id, clientId: id === 'theirs' ? 'theirs' : 'web' })
