import type { Store } from '../../store/contract.ts'
import type { Suite } from './suite.ts'
import {
  claim,
  countTrue,
  decide,
  insertDeviceCode,
  MINUTE,
  NOT_PENDING,
  NOW,
  sampleClaim,
  sampleDeviceCode,
  signIn,
} from './samples.ts'

export function testDeviceAnswers(suite: Suite): void {
  testDeciding(suite)
  testPolling(suite)
}

function testDeciding({ describe, test, expect }: Suite): void {
  describe('deciding on a device code', () => {
    for (const decision of ['approved', 'denied'] as const) {
      test(`stores that it was ${decision}`, async (store) => {
        await insertDeviceCode(store)
        await claim(store)
        expect(await decide(store, decision)).toBe(true)
        expect(await store.deviceCodes.find('device')).toEqual(
          sampleDeviceCode({ claim: sampleClaim(), decision }),
        )
      })
    }

    test('is refused to all sessions except the one that claimed it', async (store) => {
      await insertDeviceCode(store)
      expect(await decide(store)).toBe(false)
      await claim(store)
      expect(await decide(store, 'approved', 'phone')).toBe(false)
      await claim(store, { sessionId: 'phone' })
      expect(await decide(store, 'approved', 'laptop')).toBe(false)
      expect((await store.deviceCodes.find('device'))?.decision).toBe(null)
      expect(await decide(store, 'approved', 'phone')).toBe(true)
    })

    test('replaces the scopes of the code with those that the user granted', async (store) => {
      await insertDeviceCode(store)
      await claim(store)
      const scopes = sampleDeviceCode().scopes.slice(1)
      const answer = { sessionId: 'laptop', decision: 'approved', subject: 'alice', scopes } as const
      expect(await store.deviceCodes.decide('device', answer, NOW)).toBe(true)
      expect((await store.deviceCodes.find('device'))?.scopes).toEqual(scopes)
    })

    for (const [state, changes] of Object.entries(NOT_PENDING)) {
      test(`is refused if the code is ${state}`, async (store) => {
        await signIn(store)
        const code = sampleDeviceCode({ claim: sampleClaim(), ...changes })
        await store.deviceCodes.insert(code)
        for (const decision of ['approved', 'denied'] as const)
          expect(await decide(store, decision)).toBe(false)
        expect(await store.deviceCodes.find('device')).toEqual(code)
      })
    }

    test('is refused for an unknown session or an unknown code', async (store) => {
      await signIn(store)
      await store.deviceCodes.insert(sampleDeviceCode({ claim: sampleClaim({ sessionId: 'unknown' }) }))
      expect(await decide(store, 'approved', 'unknown')).toBe(false)
      const answer = { sessionId: 'laptop', decision: 'approved', subject: 'alice' } as const
      expect(await store.deviceCodes.decide('other', answer, NOW)).toBe(false)
    })

    test('is refused if the user epoch was raised after the claim', async (store) => {
      await insertDeviceCode(store)
      const elsewhere = { provider: 'admins', userId: 'alice' }
      await store.revocations.revoke({ kind: 'user', user: elsewhere, subject: 'alice' }, NOW)
      await claim(store)
      expect(await decide(store)).toBe(false)
      await claim(store, { userEpoch: 1 })
      expect(await decide(store)).toBe(true)
    })

    test('stores one decision under 40 parallel approvals and denials', async (store) => {
      await insertDeviceCode(store)
      await claim(store)
      const decisions = Array.from({ length: 40 }, (_, index) => (index % 2 ? 'approved' : 'denied'))
      const answers = await Promise.all(decisions.map((each) => decide(store, each)))
      expect(countTrue(answers)).toBe(1)
      expect((await store.deviceCodes.find('device'))?.decision).toBe(decisions[answers.indexOf(true)])
    })

    test('succeeds, or the claim is released, but never both in a race', async (store) => {
      await insertDeviceCode(store)
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
  describe('polling a device code', () => {
    const poll = (store: Store, now = NOW, nodeId = 'node') =>
      store.deviceCodes.poll('device', { now, nodeId })
    const stateOf = async (store: Store) => {
      const code = await store.deviceCodes.find('device')
      return [code?.lastPolledAt, code?.interval]
    }

    test('returns "pending" if the interval has passed, and records the poll', async (store) => {
      await insertDeviceCode(store)
      for (const now of [NOW, NOW + 5000, NOW + 10_000]) {
        expect(await poll(store, now)).toBe('pending')
        expect(await stateOf(store)).toEqual([now, 5000])
      }
    })

    test('returns "slow_down" if it comes too soon, and adds five seconds to the interval', async (store) => {
      await insertDeviceCode(store)
      await poll(store)
      expect(await poll(store, NOW + 1000)).toBe('slow_down')
      expect(await stateOf(store)).toEqual([NOW + 1000, 10_000])
      expect(await poll(store, NOW + 9000)).toBe('slow_down')
      expect(await stateOf(store)).toEqual([NOW + 9000, 15_000])
      expect(await poll(store, NOW + 24_000)).toBe('pending')
      expect(await stateOf(store)).toEqual([NOW + 24_000, 15_000])
    })

    test('tolerates a poll that is one second early, and a clock that was set back', async (store) => {
      await insertDeviceCode(store)
      await poll(store)
      expect(await poll(store, NOW + 4000)).toBe('pending')
      expect(await poll(store, NOW + 7999)).toBe('slow_down')
      expect(await poll(store, NOW - MINUTE)).toBe('pending')
      expect(await stateOf(store)).toEqual([NOW - MINUTE, 10_000])
    })

    test('returns "pending" if another node received the last poll, whose clock may differ', async (store) => {
      await insertDeviceCode(store)
      await poll(store)
      expect(await poll(store, NOW + 1000, 'other')).toBe('pending')
      expect(await poll(store, NOW + 2000, 'other')).toBe('slow_down')
      expect(await poll(store, NOW + 3000)).toBe('pending')
      expect((await store.deviceCodes.find('device'))?.lastPolledBy).toBe('node')
    })

    test('continues after the code was claimed', async (store) => {
      await insertDeviceCode(store)
      await claim(store)
      expect(await poll(store)).toBe('pending')
      expect((await store.deviceCodes.find('device'))?.claim).toEqual(sampleClaim())
    })

    for (const [state, changes] of Object.entries(NOT_PENDING)) {
      test(`returns "done" and records nothing if the code is ${state}`, async (store) => {
        await signIn(store)
        const code = sampleDeviceCode({ claim: sampleClaim(), ...changes })
        await store.deviceCodes.insert(code)
        expect(await poll(store)).toBe('done')
        expect(await store.deviceCodes.poll('other', { now: NOW, nodeId: 'node' })).toBe('done')
        expect(await store.deviceCodes.find('device')).toEqual(code)
      })
    }

    test('returns "pending" to one of 20 parallel polls and "slow_down" to the others', async (store) => {
      await insertDeviceCode(store)
      const answers = await Promise.all(Array.from({ length: 20 }, () => poll(store)))
      expect(answers.filter((answer) => answer === 'pending').length).toBe(1)
      expect(answers.filter((answer) => answer === 'slow_down').length).toBe(19)
      expect(await stateOf(store)).toEqual([NOW, 5000 + 19 * 5000])
    })
  })
}
