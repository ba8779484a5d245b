import type { Store } from '../../store/contract.ts'
import type { Suite } from './suite.ts'
import {
  ALICE,
  countTrue,
  MINUTE,
  NOW,
  presentEpochs,
  sampleAuthorization,
  sampleClient,
  sampleCode,
  sampleSession,
  signIn,
} from './samples.ts'

const exchange = (store: Store, now = NOW) =>
  store.codes.exchange('code', sampleAuthorization(), 'alice', now)

/** Codes: each spent once, and only while all that it hangs on lives. */
export function testCodes({ describe, test, expect }: Suite): void {
  describe('codes', () => {
    test('a code is found as it was inserted', async (store) => {
      await signIn(store)
      expect(await store.codes.insert(sampleCode(), 'alice')).toBe('inserted')
      expect(await store.codes.find('code')).toEqual(sampleCode())
      expect(await store.codes.find('other')).toBe(undefined)
    })

    test('a consent form that is posted twice gives one code', async (store) => {
      await signIn(store)
      const codes = Array.from({ length: 20 }, (_, index) =>
        sampleCode({ redirectUri: `https://app.example/${index}` }),
      )
      const answers = await Promise.all(codes.map((code) => store.codes.insert(code, 'alice')))
      expect(answers.filter((answer) => answer === 'inserted').length).toBe(1)
      expect(answers.filter((answer) => answer === 'exists').length).toBe(19)
    })

    test('a code of an unknown client or session is dead', async ({ clients, sessions, codes }) => {
      expect(await codes.insert(sampleCode(), 'alice')).toBe('revoked')
      await clients.insert(sampleClient())
      expect(await codes.insert(sampleCode(), 'alice')).toBe('revoked')
      await sessions.insert(sampleSession(), 'alice')
      expect(await codes.insert(sampleCode(), 'alice')).toBe('inserted')
    })

    test('a code of a revoked session is dead', async (store) => {
      await signIn(store)
      await store.revocations.revoke({ kind: 'session', id: 'laptop' }, NOW)
      expect(await store.codes.insert(sampleCode(), 'alice')).toBe('revoked')
      expect(await store.codes.find('code')).toBe(undefined)
    })

    test('a code of a revoked client is dead, even of its present epoch', async (store) => {
      await signIn(store)
      await store.revocations.revoke({ kind: 'client', id: 'web' }, NOW)
      const epochs = await presentEpochs(store)
      expect(await store.codes.insert(sampleCode({ epochs }), 'alice')).toBe('revoked')
    })

    test('a code whose epochs were read before a raise is dead', async (store) => {
      await signIn(store)
      const epochs = await presentEpochs(store)
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

  describe('spending', () => {
    test('a code is spent once', async (store) => {
      await signIn(store)
      await store.codes.insert(sampleCode(), 'alice')
      expect(await store.codes.spend('code', NOW + 1)).toBe(true)
      expect(await store.codes.spend('code', NOW + 2)).toBe(false)
      expect((await store.codes.find('code'))?.spentAt).toBe(NOW + 1)
    })

    test('an unknown, an expired and a void code cannot be spent', async (store) => {
      await signIn(store)
      await store.codes.insert(sampleCode(), 'alice')
      expect(await store.codes.spend('other', NOW)).toBe(false)
      expect(await store.codes.spend('code', NOW + MINUTE)).toBe(false)
      await store.revocations.revoke({ kind: 'session', id: 'laptop' }, NOW)
      expect(await store.codes.spend('code', NOW)).toBe(false)
      expect((await store.codes.find('code'))?.spentAt).toBe(null)
    })

    test('of 200 who spend a code at once exactly one does', async (store) => {
      await signIn(store)
      await store.codes.insert(sampleCode(), 'alice')
      const answers = await Promise.all(Array.from({ length: 200 }, () => store.codes.spend('code', NOW)))
      expect(countTrue(answers)).toBe(1)
    })
  })

  describe('exchange', () => {
    test('an exchange spends the code and inserts the authorization', async (store) => {
      await signIn(store)
      await store.codes.insert(sampleCode(), 'alice')
      expect(await exchange(store, NOW + 1)).toBe(true)
      expect((await store.codes.find('code'))?.spentAt).toBe(NOW + 1)
      expect(await store.authorizations.find('azn')).toEqual(sampleAuthorization())
      expect(await exchange(store)).toBe(false)
    })

    test('of 200 exchanges at once exactly one succeeds', async (store) => {
      await signIn(store)
      await store.codes.insert(sampleCode(), 'alice')
      const answers = await Promise.all(Array.from({ length: 200 }, () => exchange(store)))
      expect(countTrue(answers)).toBe(1)
    })

    test('a code gives only the authorization that it names', async (store) => {
      await signIn(store)
      await store.codes.insert(sampleCode(), 'alice')
      const other = sampleAuthorization({ id: 'another' })
      expect(await store.codes.exchange('code', other, 'alice', NOW)).toBe(false)
      expect((await store.codes.find('code'))?.spentAt).toBe(null)
      expect(await store.authorizations.find('another')).toBe(undefined)
    })

    test('an expired code gives nothing', async (store) => {
      await signIn(store)
      await store.codes.insert(sampleCode(), 'alice')
      expect(await exchange(store, NOW + MINUTE)).toBe(false)
      expect(await store.authorizations.find('azn')).toBe(undefined)
    })

    for (const order of [
      { kind: 'session', id: 'laptop' },
      { kind: 'client', id: 'web' },
      { kind: 'user', user: ALICE, subject: 'alice' },
      { kind: 'issuer' },
    ] as const) {
      test(`a code gives nothing after a revocation of its ${order.kind}`, async (store) => {
        await signIn(store)
        await store.codes.insert(sampleCode(), 'alice')
        await store.revocations.revoke(order, NOW)
        expect(await exchange(store)).toBe(false)
        expect(await store.authorizations.find('azn')).toBe(undefined)
        const code = await store.codes.find('code')
        expect([code?.spentAt, code?.voidedAt]).toEqual([null, NOW])
      })
    }

    test('a code that outlives sessions is void all the same when the session ends first', async (store) => {
      await signIn(store)
      await store.codes.insert(sampleCode({ endsWithSession: false }), 'alice')
      await store.revocations.revoke({ kind: 'session', id: 'laptop' }, NOW)
      const authorization = sampleAuthorization({ sessionId: null })
      expect(await store.codes.exchange('code', authorization, 'alice', NOW)).toBe(false)
    })

    test('whatever wins, a revocation and an exchange at once leave nothing alive', async (store) => {
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
