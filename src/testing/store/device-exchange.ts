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

/** The authorization of the device, without a session. */
const deviceAuthorization = (changes: Partial<Authorization> = {}): Authorization =>
  sampleAuthorization({ sessionId: null, ...changes })

/** The session of the device. */
const television = (changes: Partial<Session> = {}): Session =>
  sampleSession({ id: 'television', deviceName: 'Television', ...changes })

const exchange = (store: Store, changes: Partial<Authorization> = {}, now = NOW) =>
  store.deviceCodes.exchange('device', deviceAuthorization(changes), 'alice', now)

const exchangeWithSession = (store: Store, session = television(), changes: Partial<Authorization> = {}) => {
  const authorization = deviceAuthorization({ sessionId: session.id, ...changes })
  return store.deviceCodes.exchange('device', authorization, 'alice', NOW, session)
}

/** Reads when the code was spent, and the authorization and session of the device. */
const readResult = async ({ deviceCodes, authorizations, sessions }: Store) => [
  (await deviceCodes.find('device'))?.spentAt ?? null,
  await authorizations.find('azn'),
  await sessions.find('television'),
]

const NOTHING = [null, undefined, undefined]

export function testDeviceExchange(suite: Suite): void {
  testExchanging(suite)
  testDependencies(suite)
  testVoiding(suite)
}

function testExchanging({ describe, test, expect }: Suite): void {
  describe('exchanging a device code', () => {
    test('spends it and inserts the authorization, once', async (store) => {
      await approveDevice(store)
      expect(await exchange(store, {}, NOW + 1)).toBe(true)
      expect(await exchange(store, {}, NOW + 2)).toBe(false)
      expect(await readResult(store)).toEqual([NOW + 1, deviceAuthorization(), undefined])
    })

    test('inserts the session of the device, if there is one', async (store) => {
      await approveDevice(store)
      expect(await exchangeWithSession(store)).toBe(true)
      expect(await readResult(store)).toEqual([
        NOW,
        deviceAuthorization({ sessionId: 'television' }),
        television(),
      ])
    })

    const REFUSED: Readonly<Record<string, Partial<DeviceCode>>> = {
      pending: { decision: null },
      denied: { decision: 'denied' },
      spent: { spentAt: NOW - 1 },
      voided: { voidedAt: NOW - 1 },
      expired: { expiresAt: NOW },
    }
    for (const [state, changes] of Object.entries(REFUSED)) {
      test(`is refused if the code is ${state}`, async (store) => {
        await signIn(store)
        const code = sampleDeviceCode({ claim: sampleClaim(), decision: 'approved', ...changes })
        await store.deviceCodes.insert(code)
        expect(await exchangeWithSession(store)).toBe(false)
        expect(await store.deviceCodes.find('device')).toEqual(code)
        expect((await readResult(store)).slice(1)).toEqual(NOTHING.slice(1))
      })
    }

    test('is refused for an authorization that the code does not name, and for an unknown code', async (store) => {
      await approveDevice(store)
      expect(await exchange(store, { id: 'another' })).toBe(false)
      expect(await store.deviceCodes.exchange('other', deviceAuthorization(), 'alice', NOW)).toBe(false)
      expect(await readResult(store)).toEqual(NOTHING)
      expect(await store.authorizations.find('another')).toBe(undefined)
    })

    test('spends nothing if an insert fails', async (store) => {
      await approveDevice(store)
      const cookieHash = 'cookie of laptop'
      expect((await failureOf(exchangeWithSession(store, television({ cookieHash })))) === 'no failure').toBe(
        false,
      )
      expect(await readResult(store)).toEqual(NOTHING)
      await store.authorizations.insert(deviceAuthorization(), 'alice')
      expect((await failureOf(exchangeWithSession(store))) === 'no failure').toBe(false)
      expect((await store.deviceCodes.find('device'))?.spentAt).toBe(null)
      expect(await store.sessions.find('television')).toBe(undefined)
    })

    test('succeeds once under 50 parallel attempts', async (store) => {
      await approveDevice(store)
      const answers = await Promise.all(
        Array.from({ length: 50 }, (_, index) =>
          index % 2 ? exchange(store) : exchangeWithSession(store, television()),
        ),
      )
      expect(countTrue(answers)).toBe(1)
    })
  })
}

function testDependencies({ describe, test, expect }: Suite): void {
  describe('exchanging a device code, with its dependencies', () => {
    test('is refused if the client is unknown or revoked', async (store) => {
      await approveDevice(store)
      await store.clients.insert(sampleClient({ id: 'revoked' }))
      await store.revocations.revoke({ kind: 'client', id: 'revoked' }, NOW)
      const epochs = { issuer: 0, client: 1, user: 0 }
      expect(await exchange(store, { clientId: 'revoked', epochs })).toBe(false)
      expect(await exchange(store, { clientId: 'unknown', name: 'My television' })).toBe(false)
      expect(await readResult(store)).toEqual(NOTHING)
    })

    test('is refused if the user epoch of the authorization or the session was raised', async (store) => {
      await approveDevice(store)
      const elsewhere = { provider: 'admins', userId: 'alice' }
      await store.revocations.revoke({ kind: 'user', user: elsewhere, subject: 'alice' }, NOW)
      const epochs = { issuer: 0, client: 0, user: 1 }
      const late = television({ userEpoch: 1 })
      expect(await exchangeWithSession(store, late)).toBe(false)
      expect(await exchangeWithSession(store, television(), { epochs })).toBe(false)
      expect(await readResult(store)).toEqual(NOTHING)
      expect(await exchangeWithSession(store, late, { epochs })).toBe(true)
    })

    test('is refused if the issuer epoch was raised', async (store) => {
      await signIn(store)
      await store.revocations.revoke({ kind: 'issuer' }, NOW)
      const code = sampleDeviceCode({ issuerEpoch: 1, claim: sampleClaim(), decision: 'approved' })
      await store.deviceCodes.insert(code)
      expect(await exchange(store)).toBe(false)
      expect(await exchange(store, { epochs: { issuer: 1, client: 0, user: 0 } })).toBe(true)
    })

    test('does not depend on the browser session that approved the code', async (store) => {
      await signIn(store)
      const claim = sampleClaim({ sessionId: 'purged' })
      await store.deviceCodes.insert(sampleDeviceCode({ claim, decision: 'approved' }))
      expect(await exchangeWithSession(store)).toBe(true)
      await store.revocations.revoke({ kind: 'session', id: 'laptop' }, NOW)
      expect((await store.authorizations.find('azn'))?.revokedAt).toBe(null)
      expect((await store.sessions.find('television'))?.revokedAt).toBe(null)
    })
  })
}

function testVoiding({ describe, test, expect }: Suite): void {
  const TARGETS: readonly RevocationTarget[] = [
    { kind: 'session', id: 'laptop' },
    { kind: 'client', id: 'web' },
    { kind: 'user', user: ALICE, subject: 'alice' },
    { kind: 'user', user: ALICE, subject: 'alice', keepThirdParties: true },
    { kind: 'issuer' },
  ]
  const nameOf = (target: RevocationTarget) =>
    `${target.kind}${'keepThirdParties' in target ? ', keeping third parties' : ''}`

  describe('device codes and revocations', () => {
    for (const target of TARGETS) {
      test(`voids claimed and approved codes in a revocation (${nameOf(target)})`, async (store) => {
        await approveDevice(store)
        await store.deviceCodes.insert(sampleDeviceCode({ hash: 'claimed', claim: sampleClaim() }))
        await store.revocations.revoke(target, NOW + 1)
        for (const hash of ['device', 'claimed'])
          expect((await store.deviceCodes.find(hash))?.voidedAt).toBe(NOW + 1)
        expect(await exchange(store)).toBe(false)
        expect(await readResult(store)).toEqual(NOTHING)
      })

      test(`leaves no valid authorization if a revocation (${nameOf(target)}) and exchanges race`, async (store) => {
        await approveDevice(store)
        const exchanges = (count: number) => Array.from({ length: count }, () => exchange(store))
        await Promise.all([...exchanges(5), store.revocations.revoke(target, NOW), ...exchanges(5)])
        const code = await store.deviceCodes.find('device')
        expect((code?.spentAt ?? null) === null).toBe(code?.voidedAt === NOW)
        const authorization = await store.authorizations.find('azn')
        // What was approved in a session does not depend on it.
        const isGone = authorization === undefined || authorization.revokedAt === NOW
        expect(isGone || target.kind === 'session').toBe(true)
      })
    }

    test('keeps spent codes and those of other users, clients and sessions', async (store) => {
      await approveDevice(store)
      await store.sessions.insert(sampleSession({ id: 'phone' }), 'alice')
      await store.clients.insert(sampleClient({ id: 'other' }))
      const codes: Readonly<Record<string, Partial<DeviceCode>>> = {
        unclaimed: {},
        bob: { claim: sampleClaim({ ...BOB, sessionId: 'bob' }) },
        admin: { claim: sampleClaim({ provider: 'admins', sessionId: 'admin' }) },
        phone: { claim: sampleClaim({ sessionId: 'phone' }) },
        spent: { claim: sampleClaim(), decision: 'approved', spentAt: NOW },
        'other client': { clientId: 'other' },
      }
      for (const [hash, changes] of Object.entries(codes))
        await store.deviceCodes.insert(sampleDeviceCode({ hash, ...changes }))
      const revoke = async (target: RevocationTarget) => {
        await store.revocations.revoke(target, NOW + 1)
        const voided = async (hash: string) => (await store.deviceCodes.find(hash))?.voidedAt
        const names = Object.keys(codes)
        const times = await Promise.all(names.map(voided))
        return names.filter((_, index) => times[index] === null)
      }
      const others = ['unclaimed', 'bob', 'admin']
      const rest = ['spent', 'other client']
      expect(await revoke({ kind: 'session', id: 'laptop' })).toEqual([...others, 'phone', ...rest])
      expect(await revoke({ kind: 'user', user: ALICE, subject: 'alice' })).toEqual([...others, ...rest])
      expect(await revoke({ kind: 'client', id: 'web' })).toEqual(rest)
      expect(await revoke({ kind: 'issuer' })).toEqual(['spent'])
    })

    test('keeps the time of the first revocation', async (store) => {
      await approveDevice(store)
      await store.revocations.revoke({ kind: 'session', id: 'laptop' }, NOW)
      await store.revocations.revoke({ kind: 'client', id: 'web' }, NOW + 1)
      expect((await store.deviceCodes.find('device'))?.voidedAt).toBe(NOW)
    })

    test('voids the codes of a user for a client that the user disconnects', async (store) => {
      await approveDevice(store)
      await store.clients.insert(sampleClient({ id: 'other' }))
      const codes: Readonly<Record<string, Partial<DeviceCode>>> = {
        claimed: { claim: sampleClaim() },
        unclaimed: {},
        bob: { claim: sampleClaim({ ...BOB, sessionId: 'bob' }) },
        spent: { claim: sampleClaim(), spentAt: NOW },
        'other client': { claim: sampleClaim(), clientId: 'other' },
      }
      for (const [hash, changes] of Object.entries(codes))
        await store.deviceCodes.insert(sampleDeviceCode({ hash, ...changes }))
      await store.connections.disconnect(ALICE, { clientId: 'web', subject: 'alice' }, NOW + 1)
      const voided = async (hash: string) => (await store.deviceCodes.find(hash))?.voidedAt
      const times = await Promise.all(['device', ...Object.keys(codes)].map(voided))
      expect(times).toEqual([NOW + 1, NOW + 1, null, null, null, null])
      expect(await exchange(store)).toBe(false)
    })
  })
}
