import type { RevocationTarget } from '../../store/revocations.ts'
import type { Suite } from './suite.ts'
import {
  ALICE,
  authorize,
  BOB,
  NOW,
  currentEpochs,
  sampleAuthorization,
  sampleClient,
  sampleCode,
  sampleSession,
  signIn,
} from './samples.ts'

const USER: RevocationTarget = { kind: 'user', user: ALICE, subject: 'alice' }
const LAPTOP: RevocationTarget = { kind: 'session', id: 'laptop' }
const WEB: RevocationTarget = { kind: 'client', id: 'web' }

export function testRevocations({ describe, test, expect }: Suite): void {
  describe('revoking', () => {
    test('returns undefined for an unknown authorization, session or client', async ({ revocations }) => {
      for (const kind of ['authorization', 'session', 'client'] as const) {
        expect(await revocations.revoke({ kind, id: 'nothing' }, NOW)).toBe(undefined)
      }
      expect(await revocations.listSince(0, NOW, 100)).toEqual([])
    })

    test('revokes one authorization and nothing else', async (store) => {
      await authorize(store)
      await store.authorizations.insert(sampleAuthorization({ id: 'other' }), 'alice')
      await store.revocations.revoke({ kind: 'authorization', id: 'azn' }, NOW)
      expect((await store.authorizations.find('azn'))?.revokedAt).toBe(NOW)
      expect((await store.authorizations.find('other'))?.revokedAt).toBe(null)
      expect((await store.sessions.find('laptop'))?.revokedAt).toBe(null)
    })

    test('revokes a session with the authorizations that depend on it', async (store) => {
      await authorize(store)
      await store.sessions.insert(sampleSession({ id: 'phone' }), 'alice')
      await store.authorizations.insert(sampleAuthorization({ id: 'on phone', sessionId: 'phone' }), 'alice')
      await store.authorizations.insert(sampleAuthorization({ id: 'outlives', sessionId: null }), 'alice')
      await store.revocations.revoke(LAPTOP, NOW)
      expect((await store.sessions.find('laptop'))?.revokedAt).toBe(NOW)
      expect((await store.authorizations.find('azn'))?.revokedAt).toBe(NOW)
      expect((await store.sessions.find('phone'))?.revokedAt).toBe(null)
      expect((await store.authorizations.find('on phone'))?.revokedAt).toBe(null)
      expect((await store.authorizations.find('outlives'))?.revokedAt).toBe(null)
    })

    test('revokes a user with all sessions, codes and authorizations, and no other user', async (store) => {
      await authorize(store)
      await store.authorizations.insert(sampleAuthorization({ id: 'personal', sessionId: null }), 'alice')
      await store.sessions.insert(sampleSession({ id: 'bob', ...BOB }), 'bob')
      await store.authorizations.insert(sampleAuthorization({ id: 'bob', ...BOB, sessionId: 'bob' }), 'bob')
      await store.codes.insert(sampleCode(), 'alice')
      await store.revocations.revoke(USER, NOW)
      expect((await store.sessions.find('laptop'))?.revokedAt).toBe(NOW)
      expect((await store.authorizations.find('azn'))?.revokedAt).toBe(NOW)
      expect((await store.authorizations.find('personal'))?.revokedAt).toBe(NOW)
      expect((await store.codes.find('code'))?.voidedAt).toBe(NOW)
      expect((await store.sessions.find('bob'))?.revokedAt).toBe(null)
      expect((await store.authorizations.find('bob'))?.revokedAt).toBe(null)
    })

    test('revokes a client with its authorizations, and no session', async (store) => {
      await authorize(store)
      await store.clients.insert(sampleClient({ id: 'other' }))
      await store.authorizations.insert(sampleAuthorization({ id: 'other', clientId: 'other' }), 'alice')
      await store.revocations.revoke(WEB, NOW)
      expect((await store.clients.find('web'))?.revokedAt).toBe(NOW)
      expect((await store.authorizations.find('azn'))?.revokedAt).toBe(NOW)
      expect((await store.authorizations.find('other'))?.revokedAt).toBe(null)
      expect((await store.sessions.find('laptop'))?.revokedAt).toBe(null)
    })

    test('revokes everything of the issuer, but no client', async (store) => {
      await authorize(store)
      await store.codes.insert(sampleCode(), 'alice')
      await store.revocations.revoke({ kind: 'issuer' }, NOW)
      expect((await store.sessions.find('laptop'))?.revokedAt).toBe(NOW)
      expect((await store.authorizations.find('azn'))?.revokedAt).toBe(NOW)
      expect((await store.codes.find('code'))?.voidedAt).toBe(NOW)
      expect((await store.clients.find('web'))?.revokedAt).toBe(null)
    })

    test('keeps the time of the first revocation', async (store) => {
      await authorize(store)
      await store.revocations.revoke(LAPTOP, NOW)
      for (const target of [LAPTOP, USER, WEB, { kind: 'authorization', id: 'azn' }] as const) {
        await store.revocations.revoke(target, NOW + 1)
      }
      expect((await store.sessions.find('laptop'))?.revokedAt).toBe(NOW)
      expect((await store.authorizations.find('azn'))?.revokedAt).toBe(NOW)
    })

    test('does not void a spent code', async (store) => {
      await signIn(store)
      await store.codes.insert(sampleCode(), 'alice')
      await store.codes.spend('code', NOW)
      await store.revocations.revoke(LAPTOP, NOW)
      expect((await store.codes.find('code'))?.voidedAt).toBe(null)
    })

    test('raises the epoch of a user, a client or the issuer by one, from 0', async (store) => {
      await signIn(store)
      expect(await currentEpochs(store)).toEqual({ issuer: 0, client: 0, user: 0 })
      await store.revocations.revoke(USER, NOW)
      expect(await currentEpochs(store)).toEqual({ issuer: 0, client: 0, user: 1 })
      await store.revocations.revoke(WEB, NOW)
      expect(await currentEpochs(store)).toEqual({ issuer: 0, client: 1, user: 1 })
      await store.revocations.revoke({ kind: 'issuer' }, NOW)
      expect(await currentEpochs(store)).toEqual({ issuer: 1, client: 1, user: 1 })
      expect(await store.revocations.readEpochs('bob', 'other')).toEqual({ issuer: 1, client: 0, user: 0 })
    })

    test('raises the issuer epoch to a minimum, and never lowers it', async (store) => {
      await authorize(store)
      const far = 5_000_000_000
      const first = await store.revocations.revoke({ kind: 'issuer', minimumEpoch: far }, NOW)
      expect([first?.epoch, (await currentEpochs(store)).issuer]).toEqual([far, far])
      expect(
        await store.sessions.insert(sampleSession({ id: 'before', issuerEpoch: far - 1 }), 'alice'),
      ).toBe(false)
      for (const target of [{ kind: 'issuer', atLeast: 7 }, { kind: 'issuer' }] as const)
        await store.revocations.revoke(target, NOW)
      expect((await currentEpochs(store)).issuer).toBe(far + 2)
    })

    test('raises an epoch once for each of 50 parallel revocations', async ({ revocations }) => {
      const entries = await Promise.all(Array.from({ length: 50 }, () => revocations.revoke(USER, NOW)))
      expect(new Set(entries.map((entry) => entry?.epoch)).size).toBe(50)
      expect((await revocations.readEpochs('alice', 'web')).user).toBe(50)
    })
  })
}
