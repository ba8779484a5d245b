import type { Authorization } from '../../model/authorization.ts'
import type { DeviceCode } from '../../model/device-code.ts'
import type { Session } from '../../model/session.ts'
import type { Store } from '../../store/contract.ts'
import type { RevocationTarget } from '../../store/revocations.ts'
import type { Suite } from './suite.ts'
import {
  ALICE,
  approveDevice,
  BOB,
  countTrue,
  failureOf,
  NOW,
  sampleAuthorization,
  sampleClaim,
  sampleClient,
  sampleDeviceCode,
  sampleSession,
  signIn,
} from './samples.ts'

/** What the device gets: an authorization that hangs on no session. */
const given = (changes: Partial<Authorization> = {}): Authorization =>
  sampleAuthorization({ sessionId: null, ...changes })

/** The session that the device gets for itself. */
const television = (changes: Partial<Session> = {}): Session =>
  sampleSession({ id: 'television', deviceName: 'Television', ...changes })

const exchange = (store: Store, changes: Partial<Authorization> = {}, now = NOW) =>
  store.deviceCodes.exchange('device', given(changes), 'alice', now)

const exchangeForSession = (store: Store, session = television(), changes: Partial<Authorization> = {}) => {
  const authorization = given({ sessionId: session.id, ...changes })
  return store.deviceCodes.exchange('device', authorization, 'alice', NOW, session)
}

/** What there is of the code, the authorization and the session. */
const leftovers = async ({ deviceCodes, authorizations, sessions }: Store) => [
  (await deviceCodes.find('device'))?.spentAt ?? null,
  await authorizations.find('azn'),
  await sessions.find('television'),
]

const NOTHING = [null, undefined, undefined]

/** Device codes as they are spent, and as they end. */
export function testDeviceExchange(suite: Suite): void {
  testSpending(suite)
  testHanging(suite)
  testEnding(suite)
}

function testSpending({ describe, test, expect }: Suite): void {
  describe('exchanging a device code', () => {
    test('spends it and inserts the authorization, once', async (store) => {
      await approveDevice(store)
      expect(await exchange(store, {}, NOW + 1)).toBe(true)
      expect(await exchange(store, {}, NOW + 2)).toBe(false)
      expect(await leftovers(store)).toEqual([NOW + 1, given(), undefined])
    })

    test('begins the session of the device, where it is to have one', async (store) => {
      await approveDevice(store)
      expect(await exchangeForSession(store)).toBe(true)
      expect(await leftovers(store)).toEqual([NOW, given({ sessionId: 'television' }), television()])
    })

    const REFUSED: Readonly<Record<string, Partial<DeviceCode>>> = {
      'not answered': { decision: null },
      denied: { decision: 'denied' },
      spent: { spentAt: NOW - 1 },
      void: { voidedAt: NOW - 1 },
      expired: { expiresAt: NOW },
    }
    for (const [state, changes] of Object.entries(REFUSED)) {
      test(`is refused where the code is ${state}`, async (store) => {
        await signIn(store)
        const code = sampleDeviceCode({ claim: sampleClaim(), decision: 'approved', ...changes })
        await store.deviceCodes.insert(code)
        expect(await exchangeForSession(store)).toBe(false)
        expect(await store.deviceCodes.find('device')).toEqual(code)
        expect((await leftovers(store)).slice(1)).toEqual(NOTHING.slice(1))
      })
    }

    test('is refused for another authorization than the one it named, and for a code that is not there', async (store) => {
      await approveDevice(store)
      expect(await exchange(store, { id: 'another' })).toBe(false)
      expect(await store.deviceCodes.exchange('other', given(), 'alice', NOW)).toBe(false)
      expect(await leftovers(store)).toEqual(NOTHING)
      expect(await store.authorizations.find('another')).toBe(undefined)
    })

    test('that fails halfway spends nothing', async (store) => {
      await approveDevice(store)
      const cookieHash = 'cookie of laptop'
      expect((await failureOf(exchangeForSession(store, television({ cookieHash })))) === 'no failure').toBe(
        false,
      )
      expect(await leftovers(store)).toEqual(NOTHING)
      await store.authorizations.insert(given(), 'alice')
      expect((await failureOf(exchangeForSession(store))) === 'no failure').toBe(false)
      expect((await store.deviceCodes.find('device'))?.spentAt).toBe(null)
      expect(await store.sessions.find('television')).toBe(undefined)
    })

    test('200 times at once is done exactly once', async (store) => {
      await approveDevice(store)
      const answers = await Promise.all(
        Array.from({ length: 200 }, (_, index) =>
          index % 2 ? exchange(store) : exchangeForSession(store, television()),
        ),
      )
      expect(countTrue(answers)).toBe(1)
    })
  })
}

function testHanging({ describe, test, expect }: Suite): void {
  describe('what a device gets', () => {
    test('needs a client that lives', async (store) => {
      await approveDevice(store)
      await store.clients.insert(sampleClient({ id: 'revoked' }))
      await store.revocations.revoke({ kind: 'client', id: 'revoked' }, NOW)
      const epochs = { issuer: 0, client: 1, user: 0 }
      expect(await exchange(store, { clientId: 'revoked', epochs })).toBe(false)
      expect(await exchange(store, { clientId: 'unknown', name: 'My television' })).toBe(false)
      expect(await leftovers(store)).toEqual(NOTHING)
    })

    test("needs the person's epoch to live, of the authorization and of its session", async (store) => {
      await approveDevice(store)
      const elsewhere = { provider: 'admins', userId: 'alice' }
      await store.revocations.revoke({ kind: 'user', user: elsewhere, subject: 'alice' }, NOW)
      const epochs = { issuer: 0, client: 0, user: 1 }
      const late = television({ userEpoch: 1 })
      expect(await exchangeForSession(store, late)).toBe(false)
      expect(await exchangeForSession(store, television(), { epochs })).toBe(false)
      expect(await leftovers(store)).toEqual(NOTHING)
      expect(await exchangeForSession(store, late, { epochs })).toBe(true)
    })

    test("needs the issuer's epoch to live", async (store) => {
      await signIn(store)
      await store.revocations.revoke({ kind: 'issuer' }, NOW)
      const code = sampleDeviceCode({ issuerEpoch: 1, claim: sampleClaim(), decision: 'approved' })
      await store.deviceCodes.insert(code)
      expect(await exchange(store)).toBe(false)
      expect(await exchange(store, { epochs: { issuer: 1, client: 0, user: 0 } })).toBe(true)
    })

    test('does not need the browser session in which it was approved, and outlives it', async (store) => {
      await signIn(store)
      const claim = sampleClaim({ sessionId: 'ended and purged' })
      await store.deviceCodes.insert(sampleDeviceCode({ claim, decision: 'approved' }))
      expect(await exchangeForSession(store)).toBe(true)
      await store.revocations.revoke({ kind: 'session', id: 'laptop' }, NOW)
      expect((await store.authorizations.find('azn'))?.revokedAt).toBe(null)
      expect((await store.sessions.find('television'))?.revokedAt).toBe(null)
    })
  })
}

function testEnding({ describe, test, expect }: Suite): void {
  const ORDERS: readonly RevocationTarget[] = [
    { kind: 'session', id: 'laptop' },
    { kind: 'client', id: 'web' },
    { kind: 'user', user: ALICE, subject: 'alice' },
    { kind: 'user', user: ALICE, subject: 'alice', keepThirdParties: true },
    { kind: 'issuer' },
  ]
  const nameOf = (order: RevocationTarget) =>
    `${order.kind}${'keepThirdParties' in order ? ', third parties spared' : ''}`

  describe('device codes end', () => {
    for (const order of ORDERS) {
      test(`with a revocation (${nameOf(order)}), claimed or approved, and give nothing`, async (store) => {
        await approveDevice(store)
        await store.deviceCodes.insert(sampleDeviceCode({ hash: 'claimed', claim: sampleClaim() }))
        await store.revocations.revoke(order, NOW + 1)
        for (const hash of ['device', 'claimed'])
          expect((await store.deviceCodes.find(hash))?.voidedAt).toBe(NOW + 1)
        expect(await exchange(store)).toBe(false)
        expect(await leftovers(store)).toEqual(NOTHING)
      })

      test(`at once with a revocation (${nameOf(order)}) and an exchange, and nothing lives`, async (store) => {
        await approveDevice(store)
        const exchanges = (count: number) => Array.from({ length: count }, () => exchange(store))
        await Promise.all([...exchanges(5), store.revocations.revoke(order, NOW), ...exchanges(5)])
        const code = await store.deviceCodes.find('device')
        expect((code?.spentAt ?? null) === null).toBe(code?.voidedAt === NOW)
        const authorization = await store.authorizations.find('azn')
        // What a session has approved does not hang on it.
        const isOver = authorization === undefined || authorization.revokedAt === NOW
        expect(isOver || order.kind === 'session').toBe(true)
      })
    }

    test('with nobody else, and not where they were spent', async (store) => {
      await approveDevice(store)
      await store.sessions.insert(sampleSession({ id: 'phone' }), 'alice')
      await store.clients.insert(sampleClient({ id: 'other' }))
      const codes: Readonly<Record<string, Partial<DeviceCode>>> = {
        'of nobody': {},
        'of bob': { claim: sampleClaim({ ...BOB, sessionId: 'of bob' }) },
        'of an admin': { claim: sampleClaim({ provider: 'admins', sessionId: 'of an admin' }) },
        'on the phone': { claim: sampleClaim({ sessionId: 'phone' }) },
        spent: { claim: sampleClaim(), decision: 'approved', spentAt: NOW },
        'of another client': { clientId: 'other' },
      }
      for (const [hash, changes] of Object.entries(codes))
        await store.deviceCodes.insert(sampleDeviceCode({ hash, ...changes }))
      const revoke = async (order: RevocationTarget) => {
        await store.revocations.revoke(order, NOW + 1)
        const voided = async (hash: string) => (await store.deviceCodes.find(hash))?.voidedAt
        const names = Object.keys(codes)
        const times = await Promise.all(names.map(voided))
        return names.filter((_, index) => times[index] === null)
      }
      const others = ['of nobody', 'of bob', 'of an admin']
      const rest = ['spent', 'of another client']
      expect(await revoke({ kind: 'session', id: 'laptop' })).toEqual([...others, 'on the phone', ...rest])
      expect(await revoke({ kind: 'user', user: ALICE, subject: 'alice' })).toEqual([...others, ...rest])
      expect(await revoke({ kind: 'client', id: 'web' })).toEqual(rest)
      expect(await revoke({ kind: 'issuer' })).toEqual(['spent'])
    })

    test('at the moment of the first revocation, whatever is revoked later', async (store) => {
      await approveDevice(store)
      await store.revocations.revoke({ kind: 'session', id: 'laptop' }, NOW)
      await store.revocations.revoke({ kind: 'client', id: 'web' }, NOW + 1)
      expect((await store.deviceCodes.find('device'))?.voidedAt).toBe(NOW)
    })

    test('with the consent of the person to this client, and no others', async (store) => {
      await approveDevice(store)
      await store.clients.insert(sampleClient({ id: 'other' }))
      const codes: Readonly<Record<string, Partial<DeviceCode>>> = {
        claimed: { claim: sampleClaim() },
        'of nobody': {},
        'of bob': { claim: sampleClaim({ ...BOB, sessionId: 'of bob' }) },
        spent: { claim: sampleClaim(), spentAt: NOW },
        'of another client': { claim: sampleClaim(), clientId: 'other' },
      }
      for (const [hash, changes] of Object.entries(codes))
        await store.deviceCodes.insert(sampleDeviceCode({ hash, ...changes }))
      await store.consents.delete(ALICE, 'web', NOW + 1)
      const voided = async (hash: string) => (await store.deviceCodes.find(hash))?.voidedAt
      const times = await Promise.all(['device', ...Object.keys(codes)].map(voided))
      expect(times).toEqual([NOW + 1, NOW + 1, null, null, null, null])
      expect(await exchange(store)).toBe(false)
    })
  })
}
