import { sql } from 'kysely'
import type { Insertable, Selectable } from 'kysely'
import type { Delivery, DeliveryState, NewDelivery } from '../../model/webhook.ts'
import type { AttemptResult, DeliveryClaim, DeliveryListOptions, WebhookStore } from '../webhooks.ts'
import { numberOrNull, type AnyInteger } from './columns.ts'
import type { Database, QueryRunner } from './database.ts'
import { prepare, prepareInsert } from './prepare.ts'
import type { WebhookDeliveryTable } from './webhook-tables.ts'

export function createWebhookStore(database: Database): WebhookStore {
  const { db, all, first, change, transaction, withAddition } = database
  const insert = prepareInsert(db, 'consulate_webhook_deliveries')
  // One by one: a multi-row insert would be another cached statement for each number of rows.
  const insertAll = async (queries: QueryRunner, deliveries: readonly NewDelivery[]): Promise<void> => {
    for (const delivery of deliveries) await queries.execute(insert(toRow(delivery)))
  }
  const settle = prepareSettlement(database)
  const webhooks: WebhookStore = {
    async record<Result>(
      write: () => Promise<Result>,
      deliveriesOf: (result: Result) => readonly NewDelivery[],
    ) {
      const { result, isAdded } = await withAddition(
        (queries, written) => insertAll(queries, deliveriesOf(written as Result)),
        write,
      )
      if (!isAdded) await webhooks.insert(deliveriesOf(result))
      return result
    },
    async insert(deliveries) {
      if (deliveries.length > 0) await transaction('relaxed', (queries) => insertAll(queries, deliveries))
    },
    claim: createClaim(database),
    settle: (id, claimId, result) => change(settle({ ...result, ...finishOf(result), id, claimId })),
    async find(id) {
      const row = await first(selectDeliveries(database).where('id', '=', id).compile())
      return row && toDelivery(row)
    },
    list: async (options) => (await all(buildList(database, options).compile())).map(toDelivery),
    summarize: createSummary(database),
    ...createReplays(database),
    ...createDisabling(database),
  }
  return webhooks
}

const selectDeliveries = ({ db }: Database) => db.selectFrom('consulate_webhook_deliveries').selectAll()

/** A node that finds nothing takes no lock. */
function createClaim(database: Database): WebhookStore['claim'] {
  const { db, all, transaction } = database
  const findDue = prepare(({ endpointId, now, limit }: DeliveryClaim) =>
    selectDeliveries(database)
      .where('endpoint_id', '=', endpointId)
      .where('state', '=', 'pending')
      .where('due_at', '<=', now)
      .orderBy('due_at')
      .orderBy('id')
      .limit(limit),
  )
  const take = prepare(({ id, now, until, claimId }: DeliveryClaim & { readonly id: number }) =>
    db
      .updateTable('consulate_webhook_deliveries')
      .set({ due_at: until, claim_id: claimId, attempts: sql<number>`attempts + 1` })
      .where('id', '=', id)
      .where('state', '=', 'pending')
      .where('due_at', '<=', now),
  )
  return async (claim) => {
    const due = (await all(findDue(claim))).map(toDelivery)
    if (due.length === 0) return []
    return transaction('relaxed', async (queries) => {
      const claimed: Delivery[] = []
      for (const delivery of due) {
        if ((await queries.execute(take({ ...claim, id: delivery.id }))) === 1)
          claimed.push({ ...delivery, attempts: delivery.attempts + 1, dueAt: claim.until })
      }
      return claimed
    })
  }
}

const finishOf = ({ state, at }: AttemptResult) => ({ finishedAt: state === 'pending' ? null : at })

type Settlement = AttemptResult & {
  readonly id: number
  readonly claimId: string
  readonly finishedAt: number | null
}

const prepareSettlement = ({ db }: Database) =>
  prepare(({ id, claimId, state, dueAt, finishedAt, status, failure }: Settlement) =>
    db
      .updateTable('consulate_webhook_deliveries')
      .set({ state, due_at: dueAt, finished_at: finishedAt, status, failure })
      .where('id', '=', id)
      .where('claim_id', '=', claimId)
      .where('state', '=', 'pending'),
  )

const buildList = (database: Database, { endpointId, state, since, before, limit }: DeliveryListOptions) =>
  selectDeliveries(database)
    .$if(endpointId !== undefined, (query) => query.where('endpoint_id', '=', endpointId ?? ''))
    .$if(state !== undefined, (query) => query.where('state', '=', state ?? ''))
    .$if(since !== undefined, (query) => query.where('created_at', '>=', since ?? 0))
    .$if(before !== undefined, (query) => query.where('id', '<', before ?? 0))
    .orderBy('id', 'desc')
    .limit(limit)

function createSummary({ db, all }: Database): WebhookStore['summarize'] {
  const count = (state: DeliveryState) =>
    sql<AnyInteger>`sum(case when state = ${sql.lit(state)} then 1 else 0 end)`.as(state)
  const query = db
    .selectFrom('consulate_webhook_deliveries')
    .select([
      'endpoint_id',
      count('pending'),
      count('delivered'),
      count('failed'),
      sql<AnyInteger | null>`max(case when failure is not null then id end)`.as('last_failure'),
    ])
    .groupBy('endpoint_id')
    .compile()
  return async () =>
    (await all(query)).map(({ endpoint_id: endpointId, last_failure: last, pending, delivered, failed }) => ({
      endpointId,
      lastFailureId: numberOrNull(last),
      pending: Number(pending),
      delivered: Number(delivered),
      failed: Number(failed),
    }))
}

function createReplays({ db, transaction }: Database): Pick<WebhookStore, 'replay' | 'replayFailed'> {
  const buildReplay = (now: number) =>
    db
      .updateTable('consulate_webhook_deliveries')
      .set({ state: 'pending', attempts: 0, due_at: now, finished_at: null, claim_id: null })
      .where('state', '<>', 'pending')
  return {
    replay: (id, now) =>
      transaction('durable', async (queries) => {
        const update = buildReplay(now).where('id', '=', id)
        return (await queries.execute(update.compile())) === 1
      }),
    replayFailed: ({ endpointId, since }, now) => {
      const update = buildReplay(now)
        .where('state', '=', 'failed')
        .where('created_at', '>=', since)
        .$if(endpointId !== undefined, (query) => query.where('endpoint_id', '=', endpointId ?? ''))
      return transaction('durable', (queries) => queries.execute(update.compile()))
    },
  }
}

function createDisabling({
  db,
  all,
  execute,
  transaction,
}: Database): Pick<WebhookStore, 'listDisabled' | 'disable' | 'enable'> {
  const list = db.selectFrom('consulate_webhook_endpoints').selectAll().orderBy('id').compile()
  const remove = (id: string) => db.deleteFrom('consulate_webhook_endpoints').where('id', '=', id).compile()
  return {
    listDisabled: async () =>
      (await all(list)).map(({ id, url, disabled_at: at }) => ({
        endpointId: id,
        url,
        disabledAt: Number(at),
      })),
    disable: ({ endpointId: id, url, disabledAt }) =>
      transaction('durable', async (queries) => {
        await queries.execute(remove(id))
        const row = { id, url, disabled_at: disabledAt }
        await queries.execute(db.insertInto('consulate_webhook_endpoints').values(row).compile())
      }),
    enable: async (id) => (await execute(remove(id))) > 0,
  }
}

const toRow = (delivery: NewDelivery): Insertable<WebhookDeliveryTable> => ({
  message_id: delivery.messageId,
  endpoint_id: delivery.endpointId,
  event: delivery.event,
  body: delivery.body,
  state: 'pending',
  attempts: 0,
  due_at: delivery.createdAt,
  created_at: delivery.createdAt,
})

const toDelivery = (row: Selectable<WebhookDeliveryTable>): Delivery => ({
  id: Number(row.id),
  messageId: row.message_id,
  endpointId: row.endpoint_id,
  event: row.event,
  body: row.body,
  createdAt: Number(row.created_at),
  state: row.state as DeliveryState,
  attempts: Number(row.attempts),
  dueAt: Number(row.due_at),
  finishedAt: numberOrNull(row.finished_at),
  status: numberOrNull(row.status),
  failure: row.failure,
})
