import { askForDevice, claim, decide, findDevice, OVER } from './device-steps.ts'
import type { Suite } from './suite.ts'
import {
  ALICE,
  BOB,
  countTrue,
  failureOf,
  MINUTE,
  NOW,
  sampleClaim,
  sampleDeviceCode,
  signIn,
} from './samples.ts'

const LAPTOP = { kind: 'session', id: 'laptop' } as const
const BOBS_CLAIM = sampleClaim({ ...BOB, sessionId: 'of bob' })

/** Device codes: asked for by a device, claimed by one person, answered once. */
export function testDeviceCodes(suite: Suite): void {
  testInserting(suite)
  testClaiming(suite)
}

function testInserting({ describe, test, expect }: Suite): void {
  describe('device codes', () => {
    test('a device code is found as it was inserted, by its hash and by its user code', async (store) => {
      await signIn(store)
      const full = sampleDeviceCode({
        hash: 'full',
        lastPolledAt: NOW,
        claim: sampleClaim({ userEpoch: 7 }),
        decision: 'denied',
        spentAt: NOW + 1,
        voidedAt: NOW + 2,
      })
      const bare = sampleDeviceCode({ resources: [], scopes: [] })
      for (const code of [full, bare]) {
        expect(await store.deviceCodes.insert(code)).toBe('inserted')
        expect(await store.deviceCodes.find(code.hash)).toEqual(code)
        expect(await store.deviceCodes.findByUserCode([code.userCodeHash])).toEqual(code)
      }
      expect(await store.deviceCodes.find('other')).toBe(undefined)
    })

    test('a user code is found by whichever of its hashes it was kept with', async (store) => {
      await signIn(store)
      await store.deviceCodes.insert(sampleDeviceCode())
      const findBy = async (...hashes: string[]) => (await store.deviceCodes.findByUserCode(hashes))?.hash
      expect(await findBy('of a newer secret', 'user code of device')).toBe('device')
      expect(await findBy('user code of device', 'of an older secret')).toBe('device')
      expect(await findBy('of a newer secret', 'of an older secret')).toBe(undefined)
      expect(await findBy()).toBe(undefined)
    })

    test('a user code that another one has is taken, even by one that is over', async (store) => {
      await signIn(store)
      await store.deviceCodes.insert(sampleDeviceCode({ expiresAt: NOW - MINUTE, voidedAt: NOW - MINUTE }))
      const another = sampleDeviceCode({ hash: 'another', userCodeHash: 'user code of device' })
      expect(await store.deviceCodes.insert(another)).toBe('taken')
      expect(await store.deviceCodes.find('another')).toBe(undefined)
    })

    test('a device code that is there already, with another user code, is a failure', async (store) => {
      await signIn(store)
      await store.deviceCodes.insert(sampleDeviceCode())
      const again = store.deviceCodes.insert(sampleDeviceCode({ userCodeHash: 'another' }))
      expect((await failureOf(again)) === 'no failure').toBe(false)
    })

    test('of 20 devices that get one user code at once, one has it', async (store) => {
      await signIn(store)
      const codes = Array.from({ length: 20 }, (_, index) =>
        sampleDeviceCode({ hash: `device-${index}`, userCodeHash: 'user code' }),
      )
      const answers = await Promise.all(codes.map((code) => store.deviceCodes.insert(code)))
      expect(answers.filter((answer) => answer === 'inserted').length).toBe(1)
      expect(answers.filter((answer) => answer === 'taken').length).toBe(19)
    })

    test('a device code of an unknown or revoked client is dead', async (store) => {
      expect(await store.deviceCodes.insert(sampleDeviceCode())).toBe('revoked')
      await signIn(store)
      await store.revocations.revoke({ kind: 'client', id: 'web' }, NOW)
      for (const clientEpoch of [0, 1])
        expect(await store.deviceCodes.insert(sampleDeviceCode({ clientEpoch }))).toBe('revoked')
      expect(await findDevice(store)).toBe(undefined)
    })

    test("a device code from before the issuer's epoch was raised is dead; a person's does not matter", async (store) => {
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
    test('keeps who has typed it in, and where', async (store) => {
      await askForDevice(store)
      expect(await claim(store, { userEpoch: 3 })).toBe(true)
      expect(await findDevice(store)).toEqual(sampleDeviceCode({ claim: sampleClaim({ userEpoch: 3 }) }))
    })

    test('is for one person, who may do it again from another session', async (store) => {
      await askForDevice(store)
      expect(await claim(store)).toBe(true)
      expect(await claim(store)).toBe(true)
      expect(await claim(store, BOBS_CLAIM)).toBe(false)
      expect(await claim(store, { provider: 'admins', sessionId: 'phone' })).toBe(false)
      expect(await claim(store, { sessionId: 'phone', userEpoch: 1 })).toBe(true)
      expect((await findDevice(store))?.claim).toEqual(sampleClaim({ sessionId: 'phone', userEpoch: 1 }))
    })

    test('is refused to a session that was revoked, or is not there', async (store) => {
      await askForDevice(store)
      await store.revocations.revoke(LAPTOP, NOW)
      expect(await claim(store)).toBe(false)
      expect(await claim(store, { sessionId: 'nowhere' })).toBe(false)
      expect(await findDevice(store)).toEqual(sampleDeviceCode())
    })

    for (const [state, changes] of Object.entries(OVER)) {
      test(`is refused where the code is ${state}`, async (store) => {
        await signIn(store)
        const code = sampleDeviceCode({ claim: sampleClaim(), ...changes })
        await store.deviceCodes.insert(code)
        expect(await claim(store, { userEpoch: 1 })).toBe(false)
        expect(await store.deviceCodes.claim('other', sampleClaim(), NOW)).toBe(false)
        expect(await findDevice(store)).toEqual(code)
      })
    }

    test('of two persons at once has one winner', async (store) => {
      await askForDevice(store)
      const claims = Array.from({ length: 40 }, (_, index) => (index % 2 ? BOBS_CLAIM : sampleClaim()))
      const answers = await Promise.all(claims.map((each) => store.deviceCodes.claim('device', each, NOW)))
      const winners = new Set(claims.filter((_, index) => answers[index]).map(({ userId }) => userId))
      expect([...winners]).toEqual([(await findDevice(store))?.claim?.userId])
      expect(countTrue(answers)).toBe(20)
    })

    test('at once with the end of the session leaves no claim of it that lives', async (store) => {
      await askForDevice(store)
      const claims = Array.from({ length: 10 }, () => claim(store))
      await Promise.all([...claims, store.revocations.revoke(LAPTOP, NOW), claim(store)])
      const code = await findDevice(store)
      expect(code?.claim === null || code?.voidedAt === NOW).toBe(true)
    })
  })

  describe('releasing a device code', () => {
    test('lets somebody else claim it', async (store) => {
      await askForDevice(store)
      await claim(store, { userEpoch: 3 })
      expect(await store.deviceCodes.releaseClaim('device', 'laptop')).toBe(true)
      expect(await findDevice(store)).toEqual(sampleDeviceCode())
      expect(await claim(store, BOBS_CLAIM)).toBe(true)
    })

    test('is for the session that claimed it, before it is answered', async (store) => {
      await askForDevice(store)
      expect(await store.deviceCodes.releaseClaim('device', 'laptop')).toBe(false)
      await claim(store)
      expect(await store.deviceCodes.releaseClaim('device', 'phone')).toBe(false)
      expect(await store.deviceCodes.releaseClaim('other', 'laptop')).toBe(false)
      await decide(store, 'denied')
      expect(await store.deviceCodes.releaseClaim('device', 'laptop')).toBe(false)
      expect((await findDevice(store))?.claim).toEqual(sampleClaim())
    })
  })
}
