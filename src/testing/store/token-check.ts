import type { RevocableToken } from '../../model/revocation.ts'
import type { Store } from '../../store/contract.ts'
import type { RevocationTarget } from '../../store/revocations.ts'
import { ALICE, authorize, BOB, currentEpochs, MINUTE, NOW, sampleClient } from './samples.ts'
import type { Suite } from './suite.ts'

const TOKEN = {
  id: 'azn.1',
  authorizationId: 'azn',
  sessionId: 'laptop',
  subject: 'alice',
  clientId: 'web',
}
const MACHINE = { id: 'machine.1', authorizationId: null, sessionId: null, subject: null, clientId: 'web' }

/** Everything that revokes `TOKEN`. */
const REVOKING: readonly RevocationTarget[] = [
  { kind: 'token', jti: 'azn.1', expiresAt: NOW + MINUTE },
  { kind: 'authorization', id: 'azn' },
  { kind: 'session', id: 'laptop' },
  { kind: 'user', user: ALICE, subject: 'alice' },
  { kind: 'user', user: ALICE, subject: 'alice', keepThirdParties: true },
  { kind: 'client', id: 'web' },
  { kind: 'issuer' },
]

/** Revocations that have nothing to do with `TOKEN`. */
const OTHERS: readonly RevocationTarget[] = [
  { kind: 'token', jti: 'azn.2', expiresAt: NOW + MINUTE },
  { kind: 'token', jti: 'azn', expiresAt: NOW + MINUTE },
  { kind: 'token', jti: 'laptop', expiresAt: NOW + MINUTE },
  { kind: 'token', jti: '', expiresAt: NOW + MINUTE },
  { kind: 'user', user: BOB, subject: 'bob' },
  { kind: 'client', id: 'other' },
]

/** The answer for a strict guard. */
export function testTokenCheck({ describe, test, expect }: Suite): void {
  const isRevoked = (store: Store, token: Partial<RevocableToken>, epochs: RevocableToken['epochs']) =>
    store.revocations.isTokenRevoked({ ...TOKEN, epochs, ...token })

  describe('checking a token', () => {
    for (const target of REVOKING) {
      test(`reports it as revoked as soon as this is: ${JSON.stringify(target)}`, async (store) => {
        await authorize(store)
        const epochs = await currentEpochs(store)
        expect(await isRevoked(store, {}, epochs)).toBe(false)
        await store.revocations.revoke(target, NOW)
        expect(await isRevoked(store, {}, epochs)).toBe(true)
      })
    }

    test('is not affected by revocations of anything else', async (store) => {
      await authorize(store)
      await store.clients.insert(sampleClient({ id: 'other' }))
      const epochs = await currentEpochs(store)
      for (const target of OTHERS) await store.revocations.revoke(target, NOW)
      expect(await isRevoked(store, {}, epochs)).toBe(false)
      expect(await isRevoked(store, MACHINE, epochs)).toBe(false)
    })

    test('compares the epochs that a machine token has: those of its client and of the issuer', async (store) => {
      await authorize(store)
      const epochs = await currentEpochs(store)
      const machine = () => isRevoked(store, MACHINE, { ...epochs, user: 0 })
      await store.revocations.revoke({ kind: 'user', user: ALICE, subject: 'alice' }, NOW)
      expect(await machine()).toBe(false)
      await store.revocations.revoke({ kind: 'client', id: 'web' }, NOW)
      expect(await machine()).toBe(true)
      expect(await isRevoked(store, MACHINE, await currentEpochs(store))).toBe(false)
    })

    test('accepts a token from after a revocation, and never one with lower epochs', async (store) => {
      await authorize(store)
      await store.revocations.revoke({ kind: 'user', user: ALICE, subject: 'alice' }, NOW)
      const epochs = await currentEpochs(store)
      const next = { id: 'next.1', authorizationId: 'next', sessionId: 'phone' }
      expect(await isRevoked(store, next, epochs)).toBe(false)
      expect(await isRevoked(store, next, { ...epochs, user: epochs.user - 1 })).toBe(true)
    })
  })
}
