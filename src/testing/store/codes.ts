import type { Suite } from './suite.ts'
import {
  ALICE,
  countTrue,
  MINUTE,
  NOW,
  currentEpochs,
  sampleClient,
  sampleCode,
  sampleSession,
  signIn,
} from './samples.ts'

export function testCodes({ describe, test, expect }: Suite): void {
  describe('authorization codes', () => {
    test('finds a code as it was inserted', async (store) => {
      await signIn(store)
      expect(await store.codes.insert(sampleCode(), 'alice')).toBe('inserted')
      expect(await store.codes.find('code')).toEqual(sampleCode())
      expect(await store.codes.find('other')).toBe(undefined)
    })

    test('inserts a code once under 20 parallel attempts, and returns "exists" to the others', async (store) => {
      await signIn(store)
      const codes = Array.from({ length: 20 }, (_, index) =>
        sampleCode({ redirectUri: `https://app.example/${index}` }),
      )
      const answers = await Promise.all(codes.map((code) => store.codes.insert(code, 'alice')))
      expect(answers.filter((answer) => answer === 'inserted').length).toBe(1)
      expect(answers.filter((answer) => answer === 'exists').length).toBe(19)
    })

    test('returns "revoked" for a code of an unknown client or session', async ({
      clients,
      sessions,
      codes,
    }) => {
      expect(await codes.insert(sampleCode(), 'alice')).toBe('revoked')
      await clients.insert(sampleClient())
      expect(await codes.insert(sampleCode(), 'alice')).toBe('revoked')
      await sessions.insert(sampleSession(), 'alice')
      expect(await codes.insert(sampleCode(), 'alice')).toBe('inserted')
    })

    test('returns "revoked" for a code of a revoked session', async (store) => {
      await signIn(store)
      await store.revocations.revoke({ kind: 'session', id: 'laptop' }, NOW)
      expect(await store.codes.insert(sampleCode(), 'alice')).toBe('revoked')
      expect(await store.codes.find('code')).toBe(undefined)
    })

    test('returns "revoked" for a code of a revoked client, even if it has the current epoch', async (store) => {
      await signIn(store)
      await store.revocations.revoke({ kind: 'client', id: 'web' }, NOW)
      const epochs = await currentEpochs(store)
      expect(await store.codes.insert(sampleCode({ epochs }), 'alice')).toBe('revoked')
    })

    test('returns "revoked" for a code whose epochs were raised after they were read', async (store) => {
      await signIn(store)
      const epochs = await currentEpochs(store)
      await store.revocations.revoke({ kind: 'user', user: ALICE, subject: 'alice' }, NOW)
      const userEpoch = epochs.user + 1
      await store.sessions.insert(sampleSession({ id: 'phone', userEpoch }), 'alice')
      const code = sampleCode({ sessionId: 'phone' })
      expect(await store.codes.insert({ ...code, epochs }, 'alice')).toBe('revoked')
      expect(await store.codes.insert({ ...code, epochs: { ...epochs, user: userEpoch } }, 'alice')).toBe(
        'inserted',
      )
    })
  })

  describe('spending an authorization code', () => {
    test('spends it once', async (store) => {
      await signIn(store)
      await store.codes.insert(sampleCode(), 'alice')
      expect(await store.codes.spend('code', NOW + 1)).toBe(true)
      expect(await store.codes.spend('code', NOW + 2)).toBe(false)
      expect((await store.codes.find('code'))?.spentAt).toBe(NOW + 1)
    })

    test('returns false if it is unknown, expired or voided', async (store) => {
      await signIn(store)
      await store.codes.insert(sampleCode(), 'alice')
      expect(await store.codes.spend('other', NOW)).toBe(false)
      expect(await store.codes.spend('code', NOW + MINUTE)).toBe(false)
      await store.revocations.revoke({ kind: 'session', id: 'laptop' }, NOW)
      expect(await store.codes.spend('code', NOW)).toBe(false)
      expect((await store.codes.find('code'))?.spentAt).toBe(null)
    })

    test('spends it once under 50 parallel attempts', async (store) => {
      await signIn(store)
      await store.codes.insert(sampleCode(), 'alice')
      const answers = await Promise.all(Array.from({ length: 50 }, () => store.codes.spend('code', NOW)))
      expect(countTrue(answers)).toBe(1)
    })
  })
}
