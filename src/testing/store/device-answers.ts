import type { Store } from '../../store/contract.ts'
import { askForDevice, claim, decide, findDevice, OVER } from './device-steps.ts'
import type { Suite } from './suite.ts'
import { countTrue, MINUTE, NOW, sampleClaim, sampleDeviceCode, signIn } from './samples.ts'

/** Device codes as people answer them, while the device polls. */
export function testDeviceAnswers(suite: Suite): void {
  testDeciding(suite)
  testPolling(suite)
}

function testDeciding({ describe, test, expect }: Suite): void {
  describe('answering a device', () => {
    for (const decision of ['approved', 'denied'] as const) {
      test(`writes down that it was ${decision}`, async (store) => {
        await askForDevice(store)
        await claim(store)
        expect(await decide(store, decision)).toBe(true)
        expect(await findDevice(store)).toEqual(sampleDeviceCode({ claim: sampleClaim(), decision }))
      })
    }

    test('is for the very session that claimed the code', async (store) => {
      await askForDevice(store)
      expect(await decide(store)).toBe(false)
      await claim(store)
      expect(await decide(store, 'approved', 'phone')).toBe(false)
      await claim(store, { sessionId: 'phone' })
      expect(await decide(store, 'approved', 'laptop')).toBe(false)
      expect((await findDevice(store))?.decision).toBe(null)
      expect(await decide(store, 'approved', 'phone')).toBe(true)
    })

    for (const [state, changes] of Object.entries(OVER)) {
      test(`is refused where the code is ${state}`, async (store) => {
        await signIn(store)
        const code = sampleDeviceCode({ claim: sampleClaim(), ...changes })
        await store.deviceCodes.insert(code)
        for (const decision of ['approved', 'denied'] as const)
          expect(await decide(store, decision)).toBe(false)
        expect(await findDevice(store)).toEqual(code)
      })
    }

    test('is refused in a session that does not live, and to a code that is not there', async (store) => {
      await signIn(store)
      await store.deviceCodes.insert(sampleDeviceCode({ claim: sampleClaim({ sessionId: 'nowhere' }) }))
      expect(await decide(store, 'approved', 'nowhere')).toBe(false)
      const answer = { sessionId: 'laptop', decision: 'approved', subject: 'alice' } as const
      expect(await store.deviceCodes.decide('other', answer, NOW)).toBe(false)
    })

    test("is refused to a claim from before the person's epoch was raised", async (store) => {
      await askForDevice(store)
      const elsewhere = { provider: 'admins', userId: 'alice' }
      await store.revocations.revoke({ kind: 'user', user: elsewhere, subject: 'alice' }, NOW)
      await claim(store)
      expect(await decide(store)).toBe(false)
      await claim(store, { userEpoch: 1 })
      expect(await decide(store)).toBe(true)
    })

    test('of an approval and a denial at once, one is the answer', async (store) => {
      await askForDevice(store)
      await claim(store)
      const decisions = Array.from({ length: 40 }, (_, index) => (index % 2 ? 'approved' : 'denied'))
      const answers = await Promise.all(decisions.map((each) => decide(store, each)))
      expect(countTrue(answers)).toBe(1)
      expect((await findDevice(store))?.decision).toBe(decisions[answers.indexOf(true)])
    })

    test('at once with a switch of accounts, one of the two happens', async (store) => {
      await askForDevice(store)
      await claim(store)
      const [isDecided, isReleased] = await Promise.all([
        decide(store),
        store.deviceCodes.releaseClaim('device', 'laptop'),
      ])
      expect(isDecided === isReleased).toBe(false)
    })
  })
}

function testPolling({ describe, test, expect }: Suite): void {
  describe('polling', () => {
    const poll = (store: Store, now = NOW) => store.deviceCodes.poll('device', now)
    const stateOf = async (store: Store) => {
      const code = await findDevice(store)
      return [code?.lastPolledAt, code?.interval]
    }

    test('is noted, and again once the interval has passed', async (store) => {
      await askForDevice(store)
      for (const now of [NOW, NOW + 5000, NOW + 10_000]) {
        expect(await poll(store, now)).toBe('pending')
        expect(await stateOf(store)).toEqual([now, 5000])
      }
    })

    test('too soon makes the interval longer by five seconds each time, from this poll on', async (store) => {
      await askForDevice(store)
      await poll(store)
      expect(await poll(store, NOW + 1000)).toBe('slow_down')
      expect(await stateOf(store)).toEqual([NOW + 1000, 10_000])
      expect(await poll(store, NOW + 9000)).toBe('slow_down')
      expect(await stateOf(store)).toEqual([NOW + 9000, 15_000])
      expect(await poll(store, NOW + 24_000)).toBe('pending')
      expect(await stateOf(store)).toEqual([NOW + 24_000, 15_000])
    })

    test('is forgiven a little haste, and a clock that was set back', async (store) => {
      await askForDevice(store)
      await poll(store)
      expect(await poll(store, NOW + 4000)).toBe('pending')
      expect(await poll(store, NOW + 7999)).toBe('slow_down')
      expect(await poll(store, NOW - MINUTE)).toBe('pending')
      expect(await stateOf(store)).toEqual([NOW - MINUTE, 10_000])
    })

    test('goes on while somebody has claimed the code', async (store) => {
      await askForDevice(store)
      await claim(store)
      expect(await poll(store)).toBe('pending')
      expect((await findDevice(store))?.claim).toEqual(sampleClaim())
    })

    for (const [state, changes] of Object.entries(OVER)) {
      test(`has nothing to wait for where the code is ${state}`, async (store) => {
        await signIn(store)
        const code = sampleDeviceCode({ claim: sampleClaim(), ...changes })
        await store.deviceCodes.insert(code)
        expect(await poll(store)).toBe('done')
        expect(await store.deviceCodes.poll('other', NOW)).toBe('done')
        expect(await findDevice(store)).toEqual(code)
      })
    }

    test('20 times at once comes too soon all but once', async (store) => {
      await askForDevice(store)
      const answers = await Promise.all(Array.from({ length: 20 }, () => poll(store)))
      expect(answers.filter((answer) => answer === 'pending').length).toBe(1)
      expect(answers.filter((answer) => answer === 'slow_down').length).toBe(19)
      expect(await stateOf(store)).toEqual([NOW, 5000 + 19 * 5000])
    })
  })
}
