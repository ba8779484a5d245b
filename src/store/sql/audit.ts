import type { Insertable, Selectable } from 'kysely'
import type { AuditedEvent, AuditEntry } from '../../model/audit.ts'
import type { AuditStore } from '../contract.ts'
import { numberOrNull } from './columns.ts'
import { prepare, prepareInsert } from './prepared.ts'
import type { Sql } from './queries.ts'
import type { AuditTable } from './tables.ts'

const MOST_OF_A_REQUEST = 100

/** Audit entries in a database. */
export function createAuditStore({ db, all, transact }: Sql): AuditStore {
  const insert = prepareInsert(db, 'consulate_audit')
  const find = prepare(({ requestId }: { requestId: string }) =>
    db
      .selectFrom('consulate_audit')
      .selectAll()
      .where('request_id', '=', requestId)
      .orderBy('id')
      .limit(MOST_OF_A_REQUEST),
  )
  return {
    // Row by row: a statement for each number of rows would push the others out of the cache of statements.
    insert: (entries) =>
      transact('relaxed', async (queries) => {
        for (const entry of entries) await queries.change(insert(toRow(entry)))
      }),
    listByRequest: async (requestId) => (await all(find({ requestId }))).map(toEntry),
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
