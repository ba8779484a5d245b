import type { Authorization } from '../../model/authorization.ts'
import type { Store } from '../../store/contract.ts'
import {
  ALICE,
  countTrue,
  currentEpochs,
  MINUTE,
  NOW,
  sampleAuthorization,
  sampleCode,
  sampleUser,
  signIn,
} from './samples.ts'
import type { Suite } from './suite.ts'

const exchange = (store: Store, now = NOW) =>
  store.codes.exchange('code', sampleAuthorization(), 'alice', now)

/** Signs Alice in and inserts a code. */
async function insertCode(store: Store): Promise<void> {
  await signIn(store)
  await store.codes.insert(sampleCode(), 'alice')
}

export function testExchange(suite: Suite): void {
  testSpending(suite)
  testConditions(suite)
  testRaces(suite)
}

function testSpending({ describe, test, expect }: Suite): void {
  describe('exchanging an authorization code', () => {
    test('spends it and inserts the authorization', async (store) => {
      await insertCode(store)
      expect(await exchange(store, NOW + 1)).toBe(true)
      expect((await store.codes.find('code'))?.spentAt).toBe(NOW + 1)
      expect(await store.authorizations.find('azn')).toEqual(sampleAuthorization())
      expect(await exchange(store)).toBe(false)
    })

    test('succeeds once under 50 parallel attempts', async (store) => {
      await insertCode(store)
      const answers = await Promise.all(Array.from({ length: 50 }, () => exchange(store)))
      expect(countTrue(answers)).toBe(1)
    })

    test('inserts an authorization that does not depend on the session', async (store) => {
      await insertCode(store)
      const authorization = sampleAuthorization({ sessionId: null })
      expect(await store.codes.exchange('code', authorization, 'alice', NOW)).toBe(true)
      expect(await store.authorizations.find('azn')).toEqual(authorization)
    })
  })
}

/** Authorizations that the code is not exchanged for. */
const REFUSED: Readonly<Record<string, Partial<Authorization>>> = {
  'that the code does not name': { id: 'another' },
  'of an unknown client': { clientId: 'unknown' },
  'of an unknown session': { sessionId: 'unknown' },
}

const TARGETS = [
  { kind: 'session', id: 'laptop' },
  { kind: 'client', id: 'web' },
  { kind: 'user', user: ALICE, subject: 'alice' },
  { kind: 'issuer' },
] as const

function testConditions({ describe, test, expect }: Suite): void {
  describe('the exchange of an authorization code', () => {
    for (const [what, changes] of Object.entries(REFUSED)) {
      test(`is refused for an authorization ${what}, and changes nothing`, async (store) => {
        await insertCode(store)
        const other = sampleAuthorization(changes)
        expect(await store.codes.exchange('code', other, 'alice', NOW)).toBe(false)
        expect((await store.codes.find('code'))?.spentAt).toBe(null)
        expect(await store.authorizations.find(other.id)).toBe(undefined)
      })
    }

    test('is refused if the code has expired', async (store) => {
      await insertCode(store)
      expect(await exchange(store, NOW + MINUTE)).toBe(false)
      expect(await store.authorizations.find('azn')).toBe(undefined)
    })

    for (const target of TARGETS) {
      test(`is refused after a revocation (${target.kind}), which voids the code`, async (store) => {
        await insertCode(store)
        await store.revocations.revoke(target, NOW)
        expect(await exchange(store)).toBe(false)
        expect(await store.authorizations.find('azn')).toBe(undefined)
        const code = await store.codes.find('code')
        expect([code?.spentAt, code?.voidedAt]).toEqual([null, NOW])
      })
    }

    for (const target of TARGETS.slice(2)) {
      test(`is refused for epochs from before a revocation (${target.kind}), whenever the code was made`, async (store) => {
        await signIn(store)
        await store.revocations.revoke(target, NOW)
        const epochs = await currentEpochs(store)
        await store.codes.insert(sampleCode({ sessionId: 'tablet', epochs }), 'alice')
        const late = sampleAuthorization({ sessionId: null })
        expect(await store.codes.exchange('code', late, 'alice', NOW)).toBe(false)
      })
    }

    test('is refused after its session was revoked, even if the authorization would not depend on it', async (store) => {
      await signIn(store)
      await store.codes.insert(sampleCode({ endsWithSession: false }), 'alice')
      await store.revocations.revoke({ kind: 'session', id: 'laptop' }, NOW)
      const authorization = sampleAuthorization({ sessionId: null })
      expect(await store.codes.exchange('code', authorization, 'alice', NOW)).toBe(false)
    })

    test('can require that the user exists and is not disabled', async (store) => {
      await insertCode(store)
      const strictly = () =>
        store.codes.exchange('code', sampleAuthorization(), 'alice', NOW, { userMustExist: true })
      expect(await strictly()).toBe(false)
      await store.users.insert(sampleUser({ disabledAt: NOW }))
      expect(await strictly()).toBe(false)
      await store.users.update('alice', { disabledAt: null })
      expect(await strictly()).toBe(true)
    })
  })
}

/** Whatever revokes the authorizations of Alice for `web`. */
const REVOCATIONS: Readonly<Record<string, (store: Store) => Promise<unknown>>> = {
  ...Object.fromEntries(
    TARGETS.map((target) => [target.kind, (store: Store) => store.revocations.revoke(target, NOW)]),
  ),
  'all sessions': ({ revocations }) => revocations.revokeSessions(ALICE, { subject: 'alice' }, NOW),
  disconnect: ({ connections }) => connections.disconnect(ALICE, { clientId: 'web', subject: 'alice' }, NOW),
}

function testRaces({ describe, test, expect }: Suite): void {
  describe('exchanges that race with a revocation', () => {
    for (const [name, revoke] of Object.entries(REVOCATIONS)) {
      test(`leave no valid authorization (${name})`, async (store) => {
        await signIn(store)
        const ids = Array.from({ length: 30 }, (_, index) => `azn-${index}`)
        for (const id of ids) await store.codes.insert(sampleCode({ hash: id, authorizationId: id }), 'alice')
        const exchanges = (some: readonly string[]) =>
          some.map((id) => store.codes.exchange(id, sampleAuthorization({ id }), 'alice', NOW))
        const [early, late] = [ids.slice(0, 15), ids.slice(15)]
        await Promise.all([...exchanges(early), revoke(store), ...exchanges(late)])
        for (const id of ids) {
          const authorization = await store.authorizations.find(id)
          expect(authorization === undefined || authorization.revokedAt === NOW).toBe(true)
        }
      })
    }
  })
}
