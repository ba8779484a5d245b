import type { Authorization } from '../../model/authorization.ts'
import type { RefreshUpdate, Store } from '../../store/contract.ts'
import type { RevocationTarget } from '../../store/revocations.ts'
import type { Suite } from './suite.ts'
import {
  ALICE,
  BOB,
  MINUTE,
  NOW,
  presentEpochs,
  sampleAuthorization,
  sampleClient,
  sampleCode,
  signIn,
} from './samples.ts'

const SPARING: RevocationTarget = { kind: 'user', user: ALICE, subject: 'alice', keepThirdParties: true }

/** Revoking a person while third parties go on: a changed password. */
export function testSparing({ describe, test, expect }: Suite): void {
  describe('a person is revoked and third parties are spared', () => {
    test('what a third party has and hangs on no session lives on in the new epoch, everything else ends', async (store) => {
      await authorizeAll(store)
      await store.revocations.revoke(SPARING, NOW)
      const revokedAt = async (id: string) => (await store.authorizations.find(id))?.revokedAt
      const ids = ['theirs', 'theirs on laptop', 'ours', 'ours on laptop', 'of bob']
      expect(await Promise.all(ids.map(revokedAt))).toEqual([null, NOW, NOW, NOW, null])
      expect((await store.authorizations.find('theirs'))?.epochs.user).toBe(1)
      expect((await store.authorizations.find('of bob'))?.epochs.user).toBe(0)
      expect((await store.sessions.find('laptop'))?.revokedAt).toBe(NOW)
    })

    test('what was spared can be refreshed, and what was not cannot', async (store) => {
      await authorizeAll(store)
      await store.revocations.revoke(SPARING, NOW)
      expect(await store.authorizations.refresh(nextOf('theirs'), 'alice')).toBe(true)
      expect(await store.authorizations.refresh(nextOf('ours'), 'alice')).toBe(false)
    })

    test('codes of all clients are void, and no sign-in of before begins a session', async (store) => {
      await authorizeAll(store)
      await store.codes.insert(sampleCode({ clientId: 'theirs', endsWithSession: false }), 'alice')
      await store.revocations.revoke(SPARING, NOW)
      expect((await store.codes.find('code'))?.voidedAt).toBe(NOW)
      const insertion = sampleAuthorization({ id: 'late', clientId: 'theirs', sessionId: null })
      expect(await store.authorizations.insert(insertion, 'alice')).toBe(false)
    })

    test('the entry is that of any other revocation of the person: every access token ends', async (store) => {
      await authorizeAll(store)
      const entry = await store.revocations.revoke(SPARING, NOW)
      expect(entry).toEqual({
        ...entry,
        kind: 'user',
        subject: 'alice',
        epoch: 1,
        expiresAt: NOW + 15 * MINUTE,
      })
    })

    test('what an earlier epoch or a revocation has ended does not come back', async (store) => {
      await authorizeAll(store)
      await store.revocations.revoke({ kind: 'authorization', id: 'theirs' }, NOW)
      await store.revocations.revoke({ kind: 'user', user: ALICE, subject: 'alice' }, NOW)
      const epochs = await presentEpochs(store)
      const later = sampleAuthorization({ id: 'later', clientId: 'theirs', sessionId: null, epochs })
      await store.authorizations.insert(later, 'alice')
      await store.revocations.revoke(SPARING, NOW + 1)
      expect((await store.authorizations.find('theirs'))?.revokedAt).toBe(NOW)
      expect((await store.authorizations.listByUser(ALICE, NOW)).map(({ id }) => id)).toEqual(['later'])
    })

    test('again and again is harmless', async (store) => {
      await authorizeAll(store)
      for (let count = 0; count < 3; count += 1) await store.revocations.revoke(SPARING, NOW)
      expect((await store.authorizations.find('theirs'))?.epochs.user).toBe(3)
      expect((await store.authorizations.listByUser(ALICE, NOW)).map(({ id }) => id)).toEqual(['theirs'])
    })
  })
}

/** One authorization of each sort, for a third-party client and a first-party one. */
async function authorizeAll(store: Store): Promise<void> {
  await signIn(store)
  await store.clients.insert(sampleClient({ id: 'theirs', isThirdParty: true, endsWithSession: false }))
  const samples: readonly (readonly [string, Partial<Authorization>])[] = [
    ['theirs', { clientId: 'theirs', sessionId: null }],
    ['theirs on laptop', { clientId: 'theirs' }],
    ['ours', { sessionId: null }],
    ['ours on laptop', {}],
    ['of bob', { ...BOB, clientId: 'theirs', sessionId: null }],
  ]
  for (const [id, changes] of samples) {
    await store.authorizations.insert(sampleAuthorization({ id, ...changes }), changes.userId ?? 'alice')
  }
}

const nextOf = (id: string): RefreshUpdate => ({
  id,
  from: 0,
  to: 1,
  rotations: [],
  lastUsedAt: NOW,
  expiresAt: NOW + 60 * MINUTE,
  accessExpiresAt: NOW + 15 * MINUTE,
})
