import type { Suite } from './suite.ts'
import {
  ALICE,
  BOB,
  claim,
  countTrue,
  decide,
  failureOf,
  insertDeviceCode,
  MINUTE,
  NOT_PENDING,
  NOW,
  sampleClaim,
  sampleDeviceCode,
  signIn,
} from './samples.ts'

const LAPTOP = { kind: 'session', id: 'laptop' } as const
const BOBS_CLAIM = sampleClaim({ ...BOB, sessionId: 'bob' })

export function testDeviceCodes(suite: Suite): void {
  testInserting(suite)
  testClaiming(suite)
}

function testInserting({ describe, test, expect }: Suite): void {
  describe('device codes', () => {
    test('finds a code as it was inserted, by its hash and by its user code', async (store) => {
      await signIn(store)
      const full = sampleDeviceCode({
        hash: 'full',
        lastPolledAt: NOW,
        lastPolledBy: 'node',
        claim: sampleClaim({ userEpoch: 7 }),
        decision: 'denied',
        spentAt: NOW + 1,
        voidedAt: NOW + 2,
      })
      const minimal = sampleDeviceCode({ resources: [], scopes: [] })
      for (const code of [full, minimal]) {
        expect(await store.deviceCodes.insert(code)).toBe('inserted')
        expect(await store.deviceCodes.find(code.hash)).toEqual(code)
        expect(await store.deviceCodes.findByUserCode([code.userCodeHash])).toEqual(code)
      }
      expect(await store.deviceCodes.find('other')).toBe(undefined)
    })

    test('finds a code by any of several hashes of its user code', async (store) => {
      await signIn(store)
      await store.deviceCodes.insert(sampleDeviceCode())
      const findBy = async (...hashes: string[]) => (await store.deviceCodes.findByUserCode(hashes))?.hash
      expect(await findBy('of a newer secret', 'user code of device')).toBe('device')
      expect(await findBy('user code of device', 'of an older secret')).toBe('device')
      expect(await findBy('of a newer secret', 'of an older secret')).toBe(undefined)
      expect(await findBy()).toBe(undefined)
    })

    test('returns "taken" if another code has the same user code, even an expired one', async (store) => {
      await signIn(store)
      await store.deviceCodes.insert(sampleDeviceCode({ expiresAt: NOW - MINUTE, voidedAt: NOW - MINUTE }))
      const another = sampleDeviceCode({ hash: 'another', userCodeHash: 'user code of device' })
      expect(await store.deviceCodes.insert(another)).toBe('taken')
      expect(await store.deviceCodes.find('another')).toBe(undefined)
    })

    test('throws if the hash of the code itself is taken', async (store) => {
      await signIn(store)
      await store.deviceCodes.insert(sampleDeviceCode())
      const again = store.deviceCodes.insert(sampleDeviceCode({ userCodeHash: 'another' }))
      expect((await failureOf(again)) === 'no failure').toBe(false)
    })

    test('inserts a user code once under 20 parallel attempts', async (store) => {
      await signIn(store)
      const codes = Array.from({ length: 20 }, (_, index) =>
        sampleDeviceCode({ hash: `device-${index}`, userCodeHash: 'user code' }),
      )
      const answers = await Promise.all(codes.map((code) => store.deviceCodes.insert(code)))
      expect(answers.filter((answer) => answer === 'inserted').length).toBe(1)
      expect(answers.filter((answer) => answer === 'taken').length).toBe(19)
    })

    test('returns "revoked" for a code of an unknown or revoked client', async (store) => {
      expect(await store.deviceCodes.insert(sampleDeviceCode())).toBe('revoked')
      await signIn(store)
      await store.revocations.revoke({ kind: 'client', id: 'web' }, NOW)
      for (const clientEpoch of [0, 1])
        expect(await store.deviceCodes.insert(sampleDeviceCode({ clientEpoch }))).toBe('revoked')
      expect(await store.deviceCodes.find('device')).toBe(undefined)
    })

    test('returns "revoked" if the issuer epoch was raised after it was read', async (store) => {
      await signIn(store)
      await store.revocations.revoke({ kind: 'user', user: ALICE, subject: 'alice' }, NOW)
      await store.revocations.revoke({ kind: 'issuer' }, NOW)
      expect(await store.deviceCodes.insert(sampleDeviceCode())).toBe('revoked')
      expect(await store.deviceCodes.insert(sampleDeviceCode({ issuerEpoch: 1 }))).toBe('inserted')
    })
  })
}

function testClaiming({ describe, test, expect }: Suite): void {
  describe('claiming a device code', () => {
    test('stores the user and the session', async (store) => {
      await insertDeviceCode(store)
      expect(await claim(store, { userEpoch: 3 })).toBe(true)
      expect(await store.deviceCodes.find('device')).toEqual(
        sampleDeviceCode({ claim: sampleClaim({ userEpoch: 3 }) }),
      )
    })

    test('is refused to other users; the same user may claim it again', async (store) => {
      await insertDeviceCode(store)
      expect(await claim(store)).toBe(true)
      expect(await claim(store)).toBe(true)
      expect(await claim(store, BOBS_CLAIM)).toBe(false)
      expect(await claim(store, { provider: 'admins', sessionId: 'phone' })).toBe(false)
      expect(await claim(store, { sessionId: 'phone', userEpoch: 1 })).toBe(true)
      expect((await store.deviceCodes.find('device'))?.claim).toEqual(
        sampleClaim({ sessionId: 'phone', userEpoch: 1 }),
      )
    })

    test('is refused to a revoked or unknown session', async (store) => {
      await insertDeviceCode(store)
      await store.revocations.revoke(LAPTOP, NOW)
      expect(await claim(store)).toBe(false)
      expect(await claim(store, { sessionId: 'unknown' })).toBe(false)
      expect(await store.deviceCodes.find('device')).toEqual(sampleDeviceCode())
    })

    for (const [state, changes] of Object.entries(NOT_PENDING)) {
      test(`is refused if the code is ${state}`, async (store) => {
        await signIn(store)
        const code = sampleDeviceCode({ claim: sampleClaim(), ...changes })
        await store.deviceCodes.insert(code)
        expect(await claim(store, { userEpoch: 1 })).toBe(false)
        expect(await store.deviceCodes.claim('other', sampleClaim(), NOW)).toBe(false)
        expect(await store.deviceCodes.find('device')).toEqual(code)
      })
    }

    test('has one winner if two users race', async (store) => {
      await insertDeviceCode(store)
      const claims = Array.from({ length: 40 }, (_, index) => (index % 2 ? BOBS_CLAIM : sampleClaim()))
      const answers = await Promise.all(claims.map((each) => store.deviceCodes.claim('device', each, NOW)))
      const winners = new Set(claims.filter((_, index) => answers[index]).map(({ userId }) => userId))
      expect([...winners]).toEqual([(await store.deviceCodes.find('device'))?.claim?.userId])
      expect(countTrue(answers)).toBe(20)
    })

    test('leaves no valid claim if it races with a revocation of the session', async (store) => {
      await insertDeviceCode(store)
      const claims = Array.from({ length: 10 }, () => claim(store))
      await Promise.all([...claims, store.revocations.revoke(LAPTOP, NOW), claim(store)])
      const code = await store.deviceCodes.find('device')
      expect(code?.claim === null || code?.voidedAt === NOW).toBe(true)
    })
  })

  describe('releasing a claim on a device code', () => {
    test('lets another user claim it', async (store) => {
      await insertDeviceCode(store)
      await claim(store, { userEpoch: 3 })
      expect(await store.deviceCodes.releaseClaim('device', 'laptop')).toBe(true)
      expect(await store.deviceCodes.find('device')).toEqual(sampleDeviceCode())
      expect(await claim(store, BOBS_CLAIM)).toBe(true)
    })

    test('is refused to other sessions, and after a decision', async (store) => {
      await insertDeviceCode(store)
      expect(await store.deviceCodes.releaseClaim('device', 'laptop')).toBe(false)
      await claim(store)
      expect(await store.deviceCodes.releaseClaim('device', 'phone')).toBe(false)
      expect(await store.deviceCodes.releaseClaim('other', 'laptop')).toBe(false)
      await decide(store, 'denied')
      expect(await store.deviceCodes.releaseClaim('device', 'laptop')).toBe(false)
      expect((await store.deviceCodes.find('device'))?.claim).toEqual(sampleClaim())
    })
  })
}
