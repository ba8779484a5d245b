import type { Insertable, Selectable } from 'kysely'
import type { AuditedEvent, AuditEntry } from '../../model/audit.ts'
import type { AuditStore } from '../audit.ts'
import { numberOrNull } from './columns.ts'
import type { Database } from './database.ts'
import { prepare, prepareInsert } from './prepare.ts'
import type { AuditTable } from './tables.ts'

const MAX_ENTRIES_PER_REQUEST = 100

export function createAuditStore({ db, all, transaction }: Database): AuditStore {
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
  }
}

const toRow = (entry: AuditEntry): Insertable<AuditTable> => ({
  created_at: entry.at,
  request_id: entry.requestId,
  event: entry.event,
  status: entry.status,
  code: entry.code,
  path: entry.path,
  client_id: entry.clientId,
  sub: entry.sub,
  address: entry.address,
  detail: entry.detail,
})

const toEntry = (row: Selectable<AuditTable>): AuditEntry => ({
  at: Number(row.created_at),
  requestId: row.request_id,
  event: row.event as AuditedEvent,
  status: numberOrNull(row.status),
  code: row.code,
  path: row.path,
  clientId: row.client_id,
  sub: row.sub,
  address: row.address,
  detail: row.detail,
})
