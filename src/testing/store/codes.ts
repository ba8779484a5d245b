import type { Store } from '../../store/contract.ts'
import type { Suite } from './suite.ts'
import {
  ALICE,
  countTrue,
  MINUTE,
  NOW,
  currentEpochs,
  sampleAuthorization,
  sampleClient,
  sampleCode,
  sampleSession,
  signIn,
} from './samples.ts'

const exchange = (store: Store, now = NOW) =>
  store.codes.exchange('code', sampleAuthorization(), 'alice', now)

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

  describe('exchanging an authorization code', () => {
    test('spends it and inserts the authorization', async (store) => {
      await signIn(store)
      await store.codes.insert(sampleCode(), 'alice')
      expect(await exchange(store, NOW + 1)).toBe(true)
      expect((await store.codes.find('code'))?.spentAt).toBe(NOW + 1)
      expect(await store.authorizations.find('azn')).toEqual(sampleAuthorization())
      expect(await exchange(store)).toBe(false)
    })

    test('succeeds once under 50 parallel attempts', async (store) => {
      await signIn(store)
      await store.codes.insert(sampleCode(), 'alice')
      const answers = await Promise.all(Array.from({ length: 50 }, () => exchange(store)))
      expect(countTrue(answers)).toBe(1)
    })

    test('is refused for an authorization that the code does not name', async (store) => {
      await signIn(store)
      await store.codes.insert(sampleCode(), 'alice')
      const other = sampleAuthorization({ id: 'another' })
      expect(await store.codes.exchange('code', other, 'alice', NOW)).toBe(false)
      expect((await store.codes.find('code'))?.spentAt).toBe(null)
      expect(await store.authorizations.find('another')).toBe(undefined)
    })

    test('is refused if the code has expired', async (store) => {
      await signIn(store)
      await store.codes.insert(sampleCode(), 'alice')
      expect(await exchange(store, NOW + MINUTE)).toBe(false)
      expect(await store.authorizations.find('azn')).toBe(undefined)
    })

    for (const target of [
      { kind: 'session', id: 'laptop' },
      { kind: 'client', id: 'web' },
      { kind: 'user', user: ALICE, subject: 'alice' },
      { kind: 'issuer' },
    ] as const) {
      test(`is refused after a revocation (${target.kind}), which voids the code`, async (store) => {
        await signIn(store)
        await store.codes.insert(sampleCode(), 'alice')
        await store.revocations.revoke(target, NOW)
        expect(await exchange(store)).toBe(false)
        expect(await store.authorizations.find('azn')).toBe(undefined)
        const code = await store.codes.find('code')
        expect([code?.spentAt, code?.voidedAt]).toEqual([null, NOW])
      })
    }

    test('is refused after its session was revoked, even if the authorization would not depend on it', async (store) => {
      await signIn(store)
      await store.codes.insert(sampleCode({ endsWithSession: false }), 'alice')
      await store.revocations.revoke({ kind: 'session', id: 'laptop' }, NOW)
      const authorization = sampleAuthorization({ sessionId: null })
      expect(await store.codes.exchange('code', authorization, 'alice', NOW)).toBe(false)
    })

    test('leaves no valid authorization if it races with a revocation', async (store) => {
      await signIn(store)
      await store.codes.insert(sampleCode(), 'alice')
      await Promise.all([
        ...Array.from({ length: 10 }, () => exchange(store)),
        store.revocations.revoke({ kind: 'session', id: 'laptop' }, NOW),
        ...Array.from({ length: 10 }, () => exchange(store)),
      ])
      const authorization = await store.authorizations.find('azn')
      expect(authorization === undefined || authorization.revokedAt === NOW).toBe(true)
    })
  })
}
