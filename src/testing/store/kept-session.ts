import type { Authorization } from '../../model/authorization.ts'
import type { Store } from '../../store/contract.ts'
import type { RevocationTarget } from '../../store/revocations.ts'
import type { Suite } from './suite.ts'
import {
  ALICE,
  BOB,
  NOW,
  sampleAuthorization,
  sampleClient,
  sampleCode,
  sampleSession,
  signIn,
} from './samples.ts'

const USER = { kind: 'user', user: ALICE, subject: 'alice' } as const
const TARGET: RevocationTarget = { ...USER, keepSession: 'laptop' }

/** A password change revokes a user but keeps the session in which it was made. */
export function testKeepingOneSession({ describe, test, expect }: Suite): void {
  describe('revoking a user but keeping one session', () => {
    test('moves the session and its authorizations to the new epoch and revokes the rest', async (store) => {
      await signInTwice(store)
      await store.revocations.revoke(TARGET, NOW)
      expect(await store.sessions.find('laptop')).toEqual(sampleSession({ userEpoch: 1 }))
      expect((await store.sessions.find('phone'))?.revokedAt).toBe(NOW)
      expect((await store.sessions.find('bob'))?.revokedAt).toBe(null)
      expect(await stateOf(store, 'on laptop')).toEqual([1, null])
      expect(await stateOf(store, 'on phone')).toEqual([0, NOW])
      expect(await stateOf(store, 'without session')).toEqual([0, NOW])
      expect(await stateOf(store, 'token')).toEqual([0, NOW])
      expect(await stateOf(store, 'bob')).toEqual([0, null])
    })

    test('keeps third parties only if told to', async (store) => {
      await signInTwice(store)
      await store.revocations.revoke({ ...USER, keepSession: 'laptop', keepThirdParties: true }, NOW)
      expect(await stateOf(store, 'on laptop')).toEqual([1, null])
      expect(await stateOf(store, 'theirs')).toEqual([1, null])
      await store.revocations.revoke(TARGET, NOW)
      expect(await stateOf(store, 'on laptop')).toEqual([2, null])
      expect(await stateOf(store, 'theirs')).toEqual([1, NOW])
    })

    test('voids the codes of the kept session too', async (store) => {
      await signInTwice(store)
      await store.codes.insert(sampleCode(), 'alice')
      await store.revocations.revoke(TARGET, NOW)
      expect((await store.codes.find('code'))?.voidedAt).toBe(NOW)
    })

    test('does not restore a session or an authorization that was revoked before', async (store) => {
      await signInTwice(store)
      await store.revocations.revoke({ kind: 'authorization', id: 'on laptop' }, NOW)
      await store.revocations.revoke(TARGET, NOW + 1)
      expect(await stateOf(store, 'on laptop')).toEqual([0, NOW])
      await store.revocations.revoke({ kind: 'session', id: 'laptop' }, NOW)
      await store.revocations.revoke(TARGET, NOW + 1)
      expect(await store.sessions.find('laptop')).toEqual(sampleSession({ userEpoch: 1, revokedAt: NOW }))
    })

    test('does not restore a session of an earlier epoch that is not marked as revoked', async (store) => {
      await signInTwice(store)
      const elsewhere = { provider: 'admins', userId: 'alice' }
      await store.revocations.revoke({ ...USER, user: elsewhere }, NOW)
      await store.revocations.revoke(TARGET, NOW + 1)
      expect((await store.sessions.find('laptop'))?.revokedAt).toBe(NOW + 1)
      expect(await stateOf(store, 'on laptop')).toEqual([0, NOW + 1])
    })

    test('keeps no session of another user', async (store) => {
      await signInTwice(store)
      await store.revocations.revoke({ ...USER, keepSession: 'bob' }, NOW)
      expect((await store.sessions.find('bob'))?.userEpoch).toBe(0)
      expect(await stateOf(store, 'bob')).toEqual([0, null])
      expect((await store.sessions.find('laptop'))?.revokedAt).toBe(NOW)
    })
  })
}

/** Signs Alice in on two devices and Bob on one, each with authorizations. */
async function signInTwice(store: Store): Promise<void> {
  await signIn(store)
  await store.clients.insert(sampleClient({ id: 'theirs', isThirdParty: true }))
  await store.sessions.insert(sampleSession({ id: 'phone' }), 'alice')
  await store.sessions.insert(sampleSession({ id: 'bob', ...BOB }), 'bob')
  const samples: Readonly<Record<string, Partial<Authorization>>> = {
    'on laptop': {},
    'on phone': { sessionId: 'phone' },
    'without session': { sessionId: null },
    theirs: { clientId: 'theirs', sessionId: null },
    token: { clientId: 'personal-access', sessionId: null, seedHash: null, name: 'Backup' },
    bob: { ...BOB, sessionId: 'bob' },
  }
  for (const [id, changes] of Object.entries(samples))
    await store.authorizations.insert(sampleAuthorization({ id, ...changes }), changes.userId ?? 'alice')
}

async function stateOf(store: Store, id: string): Promise<readonly unknown[]> {
  const authorization = await store.authorizations.find(id)
  return [authorization?.epochs.user, authorization?.revokedAt]
}
