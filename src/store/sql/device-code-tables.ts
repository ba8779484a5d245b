import type { Kysely } from 'kysely'
import type { Migration } from 'kysely/migration'
import { createTable } from './create-table.ts'
import type { TableShape } from './create-table.ts'
import type { SqlDialect } from './dialect.ts'
import type { Tables } from './tables.ts'

const DEVICE_CODES: TableShape = {
  columns: {
    hash: 'id',
    user_code_hash: 'id',
    authorization_id: 'id',
    client_id: 'id',
    scopes: 'json',
    resources: 'json',
    address: 'text',
    issuer_epoch: 'count',
    client_epoch: 'count',
    poll_interval: 'time',
    last_polled_at: 'time?',
    provider: 'id?',
    user_id: 'key?',
    session_id: 'id?',
    user_epoch: 'count?',
    decision: 'id?',
    created_at: 'time',
    expires_at: 'time',
    spent_at: 'time?',
    voided_at: 'time?',
  },
  primaryKey: ['hash'],
  unique: ['user_code_hash'],
  indexes: [['session_id'], ['provider', 'user_id', 'client_id'], ['client_id']],
}

/** The migration that makes the table of device codes. */
export const deviceCodeTables = (dialect: SqlDialect): Migration => ({
  up: (db: Kysely<Tables>) => createTable(db, dialect, 'consulate_device_codes', DEVICE_CODES),
})
