import type { NewDelivery } from '../../model/webhook.ts'
import type { Store } from '../../store/contract.ts'
import {
  ALICE,
  approveDevice,
  authorize,
  failureOf,
  MINUTE,
  NOW,
  sampleAuthorization,
  sampleClient,
  sampleCode,
  sampleRefresh,
  sampleSession,
  sampleUser,
  signIn,
} from './samples.ts'
import type { Suite } from './suite.ts'

/** A message for the endpoint `crm`. */
export const sampleDelivery = (changes: Partial<NewDelivery> = {}): NewDelivery => ({
  messageId: 'msg_1',
  endpointId: 'crm',
  event: 'session.started',
  body: '{"type":"session.started","timestamp":"2026-01-01T00:00:00.000Z","data":{"sub":"コーヒー ☕"}}',
  createdAt: NOW,
  ...changes,
})

/** Returns the IDs of all messages, newest first. */
export const messagesIn = async ({ webhooks }: Store): Promise<readonly string[]> =>
  (await webhooks.list({ limit: 100 })).map(({ messageId }) => messageId)

/** A write that does what it is called for, and the same one again, which does nothing. */
interface Write {
  readonly prepare: (store: Store) => Promise<unknown>
  readonly write: (store: Store) => Promise<unknown>
  /** Returns whether the method did something, by its result. */
  readonly isDone: (result: never) => boolean
}

const isTrue = (result: boolean): boolean => result
const isDefined = (result: unknown): boolean => result !== undefined

const WRITES: Readonly<Record<string, Write>> = {
  'sessions.insert': {
    prepare: async () => undefined,
    write: ({ sessions }) => sessions.insert(sampleSession(), 'alice'),
    isDone: isTrue,
  },
  'authorizations.insert': {
    prepare: signIn,
    write: ({ authorizations }) => authorizations.insert(sampleAuthorization(), 'alice'),
    isDone: isTrue,
  },
  'authorizations.refresh': {
    prepare: authorize,
    write: ({ authorizations }) => authorizations.refresh(sampleRefresh()),
    isDone: isDefined,
  },
  'codes.exchange': {
    prepare: async (store) => {
      await signIn(store)
      await store.codes.insert(sampleCode(), 'alice')
    },
    write: ({ codes }) => codes.exchange('code', sampleAuthorization(), 'alice', NOW),
    isDone: isTrue,
  },
  'deviceCodes.exchange': {
    prepare: approveDevice,
    write: ({ deviceCodes }) =>
      deviceCodes.exchange('device', sampleAuthorization({ sessionId: null }), 'alice', NOW),
    isDone: isTrue,
  },
  'clients.update': {
    prepare: ({ clients }) => clients.insert(sampleClient({ name: 'Old' })),
    write: ({ clients }) =>
      clients.update('web', ({ name }) => {
        if (name === 'New') throw new Error('is New already')
        return { name: 'New' }
      }),
    isDone: isDefined,
  },
  'connections.disconnect': {
    prepare: authorize,
    write: ({ connections }) => connections.disconnect(ALICE, { clientId: 'web', subject: 'alice' }, NOW),
    isDone: ({ wasConnected }: { readonly wasConnected: boolean }) => wasConnected,
  },
  'revocations.revokeSessions': {
    prepare: authorize,
    write: ({ revocations }) => revocations.revokeSessions(ALICE, { subject: 'alice' }, NOW),
    isDone: (entries: readonly unknown[]) => entries.length > 0,
  },
  'passwordResets.spend': {
    prepare: ({ passwordResets }) =>
      passwordResets.insert(
        {
          hash: 'link',
          ...ALICE,
          createdAt: NOW,
          expiresAt: NOW + MINUTE,
          spentAt: null,
          voidedAt: null,
        },
        { subject: 'alice', epochs: { issuer: 0, client: 0, user: 0 } },
        { maximum: 3, since: NOW - MINUTE },
      ),
    write: ({ passwordResets }) => passwordResets.spend('link', NOW),
    isDone: isTrue,
  },
}

export function testWebhookRecording({ describe, test, expect }: Suite): void {
  describe('the outbox of webhooks records a message', () => {
    for (const [name, { prepare, write, isDone }] of Object.entries(WRITES))
      test(`with what ${name} writes, and none if it writes nothing`, async (store) => {
        await prepare(store)
        let recorded: unknown
        const record = () =>
          store.webhooks.record(
            () => write(store),
            (result) => {
              recorded = result
              return isDone(result as never) ? [sampleDelivery()] : []
            },
          )
        const result = await record()
        expect(isDone(result as never)).toBe(true)
        expect(recorded).toEqual(result)
        expect(await messagesIn(store)).toEqual(['msg_1'])
        await record().catch(() => undefined)
        expect(await messagesIn(store)).toEqual(['msg_1'])
      })

    test('for each of several endpoints, with the entry of a revocation', async (store) => {
      await authorize(store)
      const entry = await store.webhooks.record(
        () => store.revocations.revoke({ kind: 'session', id: 'laptop' }, NOW),
        (written) =>
          ['crm', 'billing'].map((endpointId) =>
            sampleDelivery({ endpointId, messageId: String(written?.id) }),
          ),
      )
      expect(await messagesIn(store)).toEqual([String(entry?.id), String(entry?.id)])
    })

    test('not if the write fails, nor the write if the message cannot be recorded', async (store) => {
      await store.users.insert(sampleUser())
      const again = { ...sampleUser(), email: 'other@example.com' }
      const failed = store.webhooks.record(
        () => store.users.insert(again),
        () => [sampleDelivery()],
      )
      expect(await failureOf(failed)).toBe('Error')
      const unrecorded = store.webhooks.record(
        () => store.clients.insert(sampleClient()),
        () => {
          throw new Error('no message')
        },
      )
      expect(await failureOf(unrecorded)).toBe('Error')
      expect(await store.clients.find('web')).toBe(undefined)
      expect(await messagesIn(store)).toEqual([])
    })

    test('only with the first write, and also without any', async (store) => {
      await store.webhooks.record(
        async () => {
          const outcome = await store.clients.insert(sampleClient())
          await store.users.insert(sampleUser())
          return outcome
        },
        (outcome) => [sampleDelivery({ messageId: outcome })],
      )
      await store.webhooks.record(
        async () => (await store.clients.find('web'))?.id,
        (id) => [sampleDelivery({ messageId: String(id) })],
      )
      await store.users.insert({ ...sampleUser(), id: 'other', email: 'other@example.com' })
      expect(await messagesIn(store)).toEqual(['web', 'inserted'])
    })

    test('of one of several concurrent writes with that write only', async (store) => {
      const ids = ['a', 'b', 'c', 'd']
      await Promise.all(
        ids.map((id) =>
          store.webhooks.record(
            () => store.clients.insert(sampleClient({ id })),
            () => [sampleDelivery({ messageId: id })],
          ),
        ),
      )
      expect((await messagesIn(store)).toSorted()).toEqual(ids)
    })
  })
}
