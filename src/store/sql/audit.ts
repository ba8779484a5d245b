import { sql, type Insertable, type Selectable } from 'kysely'
import type { AuditActor, AuditedEvent, AuditEntry, AuditFilter, AuditRecord, AuditStore } from '../audit.ts'
import { numberOrNull } from './columns.ts'
import type { Database } from './database.ts'
import { pageLimit } from './paging.ts'
import { prepare, prepareInsert } from './prepare.ts'
import type { AuditTable } from './tables.ts'

const MAX_ENTRIES_PER_REQUEST = 100

export function createAuditStore(database: Database): AuditStore {
  const { db, all, transaction, background } = database
  const insert = prepareInsert(db, 'consulate_audit')
  const list = prepare(({ requestId }: { requestId: string }) =>
    db
      .selectFrom('consulate_audit')
      .selectAll()
      .where('request_id', '=', requestId)
      .orderBy('id')
      .limit(MAX_ENTRIES_PER_REQUEST),
  )
  return {
    // One by one: a multi-row insert would be another cached statement for each number of rows.
    insert: (entries) =>
      transaction('relaxed', async (queries) => {
        for (const entry of entries) await queries.execute(insert(toRow(entry)))
      }),
    listByRequest: async (requestId) => (await all(list({ requestId }))).map(toEntry),
    async list(filter, { limit, after } = {}) {
      const sorted = select(database, filter).orderBy('created_at', 'desc').orderBy('id', 'desc')
      const next = after ? sorted.where(sql<boolean>`(created_at, id) < (${after.at}, ${after.id})`) : sorted
      return (await background.all(next.limit(pageLimit(limit)).compile())).map(toRecord)
    },
    async listSince(id, filter, limit) {
      const query = select(database, filter).where('id', '>', id).orderBy('id').limit(pageLimit(limit))
      return (await background.all(query.compile())).map(toRecord)
    },
    async newestId() {
      const query = db.selectFrom('consulate_audit').select('id').orderBy('id', 'desc').limit(1)
      return Number((await background.all(query.compile()))[0]?.id ?? 0)
    },
  }
}

/** The columns of the conditions that compare with one value. */
const COLUMNS = {
  sub: 'sub',
  clientId: 'client_id',
  event: 'event',
  address: 'address',
  requestId: 'request_id',
} as const satisfies Readonly<Record<string, keyof AuditTable>>

function select({ db }: Database, filter: AuditFilter) {
  const { since, until } = filter
  let query = db.selectFrom('consulate_audit').selectAll()
  for (const [name, column] of Object.entries(COLUMNS)) {
    const value = filter[name as keyof typeof COLUMNS]
    if (value !== undefined) query = query.where(column, '=', value)
  }
  if (since !== undefined) query = query.where('created_at', '>=', since)
  return until === undefined ? query : query.where('created_at', '<', until)
}

const toRow = (entry: AuditEntry): Insertable<AuditTable> => ({
  created_at: entry.at,
  request_id: entry.requestId,
  event: entry.event,
  actor: entry.by,
  status: entry.status,
  code: entry.code,
  path: entry.path,
  client_id: entry.clientId,
  sub: entry.sub,
  address: entry.address,
  detail: entry.detail,
})

const toRecord = (row: Selectable<AuditTable>): AuditRecord => ({ id: Number(row.id), ...toEntry(row) })

const toEntry = (row: Selectable<AuditTable>): AuditEntry => ({
  at: Number(row.created_at),
  requestId: row.request_id,
  event: row.event as AuditedEvent,
  by: row.actor as AuditActor | null,
  status: numberOrNull(row.status),
  code: row.code,
  path: row.path,
  clientId: row.client_id,
  sub: row.sub,
  address: row.address,
  detail: row.detail,
})
