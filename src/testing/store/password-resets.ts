import type { PasswordReset } from '../../model/password-reset.ts'
import type { Store } from '../../store/contract.ts'
import type { RevocationTarget } from '../../store/revocations.ts'
import type { Suite } from './suite.ts'
import { cutoffsAt, purgeKind } from './purge-steps.ts'
import { ALICE, BOB, countTrue, currentEpochs, MINUTE, NOW, samplePasswordReset } from './samples.ts'

/** No limit that these tests could reach. */
const PLENTY = { maximum: 1000, since: 0 }
const LATER = NOW + 30 * MINUTE

export function testPasswordResets(suite: Suite): void {
  testInsertion(suite)
  testSpending(suite)
  testVoiding(suite)
}

function testInsertion({ describe, test, expect }: Suite): void {
  describe('a link to reset a password', () => {
    test('is found by its hash', async (store) => {
      expect(await insert(store)).toBe('open')
      expect(await store.passwordResets.find('reset')).toEqual(samplePasswordReset())
      expect(await store.passwordResets.find('other')).toBe(undefined)
    })

    test('is refused if the user was signed out everywhere after their epoch was read', async (store) => {
      const epochs = await currentEpochs(store)
      await store.revocations.revoke({ kind: 'user', user: ALICE, subject: 'alice' }, NOW)
      const owner = { subject: 'alice', epochs }
      expect(await store.passwordResets.insert(samplePasswordReset(), owner, PLENTY)).toBe('revoked')
      expect(await store.passwordResets.find('reset')).toBe(undefined)
    })

    test('is inserted voided if the user has too many recent ones', async (store) => {
      const limit = { maximum: 2, since: NOW - MINUTE }
      expect(await insert(store, { hash: 'old', createdAt: NOW - MINUTE }, limit)).toBe('open')
      expect(await insert(store, { hash: 'first' }, limit)).toBe('open')
      expect(await insert(store, { hash: 'bob', ...BOB }, limit)).toBe('open')
      expect(await insert(store, { hash: 'second' }, limit)).toBe('open')
      expect(await insert(store, { hash: 'third' }, limit)).toBe('limited')
      expect((await store.passwordResets.find('third'))?.voidedAt).toBe(NOW)
      await store.passwordResets.void('second', NOW)
      expect(await insert(store, { hash: 'fourth' }, limit)).toBe('open')
    })

    test('is limited under 20 parallel attempts', async (store) => {
      const attempts = Array.from({ length: 20 }, (_, index) =>
        insert(store, { hash: `reset-${index}` }, { maximum: 3, since: 0 }),
      )
      const outcomes = await Promise.all(attempts)
      expect(countTrue(outcomes.map((outcome) => outcome === 'open'))).toBe(3)
    })
  })
}

function testSpending({ describe, test, expect }: Suite): void {
  describe('spending a link to reset a password', () => {
    test('works once', async (store) => {
      await insert(store)
      expect(await store.passwordResets.spend('reset', NOW + 1)).toBe(true)
      expect(await store.passwordResets.spend('reset', NOW + 2)).toBe(false)
      expect(await store.passwordResets.find('reset')).toEqual(samplePasswordReset({ spentAt: NOW + 1 }))
    })

    test('works once under 20 parallel attempts', async (store) => {
      await insert(store)
      const attempts = Array.from({ length: 20 }, () => store.passwordResets.spend('reset', NOW))
      expect(countTrue(await Promise.all(attempts))).toBe(1)
    })

    test('fails for an unknown, expired or voided one', async (store) => {
      await insert(store)
      await insert(store, { hash: 'voided', voidedAt: NOW })
      expect(await store.passwordResets.spend('unknown', NOW)).toBe(false)
      expect(await store.passwordResets.spend('voided', NOW)).toBe(false)
      expect(await store.passwordResets.spend('reset', LATER)).toBe(false)
      expect(await store.passwordResets.spend('reset', LATER - 1)).toBe(true)
    })

    test('can be undone by the one who spent it', async (store) => {
      await insert(store)
      await store.passwordResets.spend('reset', NOW + 1)
      await store.passwordResets.restore('reset', NOW)
      expect(await store.passwordResets.spend('reset', NOW + 2)).toBe(false)
      await store.passwordResets.restore('reset', NOW + 1)
      expect(await store.passwordResets.spend('reset', NOW + 2)).toBe(true)
    })
  })
}

function testVoiding({ describe, test, expect }: Suite): void {
  describe('voiding links to reset a password', () => {
    test('of a user stops all that are not spent, and no others', async (store) => {
      for (const hash of ['reset', 'second', 'spent']) await insert(store, { hash })
      await insert(store, { hash: 'bob', ...BOB })
      await insert(store, { hash: 'admin', provider: 'admins' })
      await store.passwordResets.spend('spent', NOW)
      await store.passwordResets.voidByUser(ALICE, NOW + 1)
      expect(await voidedAt(store)).toEqual([NOW + 1, NOW + 1, null, null, null])
      await store.passwordResets.voidByUser(ALICE, NOW + 2)
      expect(await voidedAt(store)).toEqual([NOW + 1, NOW + 1, null, null, null])
    })

    test('by its hash stops one that is not spent', async (store) => {
      for (const hash of ['reset', 'second', 'spent']) await insert(store, { hash })
      await store.passwordResets.spend('spent', NOW)
      for (const hash of ['reset', 'spent', 'unknown']) await store.passwordResets.void(hash, NOW)
      expect((await voidedAt(store)).slice(0, 3)).toEqual([NOW, null, null])
    })

    test('happens when the user or the issuer is revoked, but not with a session', async (store) => {
      const targets: readonly RevocationTarget[] = [
        { kind: 'user', user: ALICE, subject: 'alice', keepSession: 'laptop' },
        { kind: 'issuer' },
      ]
      for (const [index, target] of targets.entries()) {
        await insert(store, { hash: `reset-${index}` })
        await insert(store, { hash: `bob-${index}`, ...BOB })
        await store.revocations.revoke({ kind: 'session', id: 'laptop' }, NOW)
        expect((await store.passwordResets.find(`reset-${index}`))?.voidedAt).toBe(null)
        await store.revocations.revoke(target, NOW)
        expect((await store.passwordResets.find(`reset-${index}`))?.voidedAt).toBe(NOW)
      }
      expect((await store.passwordResets.find('bob-0'))?.voidedAt).toBe(NOW)
    })

    test('leaves them to the purge, which keeps unexpired ones', async (store) => {
      for (const hash of ['open', 'spent', 'voided']) await insert(store, { hash })
      await store.passwordResets.spend('spent', NOW)
      await store.passwordResets.void('voided', NOW)
      const countAt = async (now: number, revokedUntil: number, expiredUntil: number) =>
        (await purgeKind(store, 'passwordResets', cutoffsAt(now, { revokedUntil, expiredUntil }))).count
      expect(await countAt(LATER - 1, LATER, LATER)).toBe(0)
      expect(await countAt(LATER, NOW - 1, LATER - 1)).toBe(0)
      expect(await countAt(LATER, NOW, 0)).toBe(2)
      expect(await countAt(LATER, 0, LATER)).toBe(1)
    })
  })
}

const insert = async (
  store: Store,
  changes: Partial<PasswordReset> = {},
  limit = PLENTY,
): Promise<'open' | 'limited' | 'revoked'> => {
  const subject = changes.userId ?? 'alice'
  const epochs = await store.revocations.readEpochs(subject, '')
  return store.passwordResets.insert(samplePasswordReset(changes), { subject, epochs }, limit)
}

/** Returns when the links of the test were voided. */
const voidedAt = (store: Store) =>
  Promise.all(
    ['reset', 'second', 'spent', 'bob', 'admin'].map(
      async (hash) => (await store.passwordResets.find(hash))?.voidedAt ?? null,
    ),
  )
