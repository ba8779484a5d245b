import { sql } from 'kysely'
import {
  AUDIT_INDEXES,
  DEVICE_CODES,
  FIRST_TABLES,
  IMPORTED_TOKENS,
  PASSWORD_RESETS,
  PURGE_INDEXES,
  SEALED_SECRETS,
} from './schema.ts'
import { LEASES, MESSAGES } from './node-tables.ts'
import { addColumns, addIndex, createTable, writeRows } from './steps.ts'
import type { MigrationStep } from './steps.ts'
import { WEBHOOK_TABLES } from './webhook-tables.ts'

/**
 * The migrations, applied in the order of their names. A published one never changes; a change of the tables is another one.
 * CONTRIBUTING.md has the rules. Versions that do not know a migration run beside it, unless it is named `0099-breaking-…`.
 */
export const MIGRATIONS: Readonly<Record<string, readonly MigrationStep[]>> = {
  '0001-first-tables': [
    ...Object.entries(FIRST_TABLES).map(([table, definition]) => createTable(table, definition)),
    // An epoch is locked by its row, so the issuer's row must exist from the start.
    writeRows((db, { clauses }) =>
      db
        .insertInto('consulate_epochs')
        .values({ kind: 'issuer', subject: '', epoch: 0 })
        .modifyEnd(sql.raw(clauses.keepExisting('kind'))),
    ),
  ],
  '0002-device-codes': [createTable('consulate_device_codes', DEVICE_CODES)],
  '0003-passwords': [
    createTable('consulate_password_resets', PASSWORD_RESETS),
    addColumns('consulate_sessions', { authenticated_at: 'time = 0' }),
    writeRows((db) =>
      db
        .updateTable('consulate_sessions')
        .set({ authenticated_at: sql<number>`created_at` })
        .where('authenticated_at', '=', 0),
    ),
  ],
  '0004-revoked-users': [addColumns('consulate_revocations', { sub: 'key?' })],
  '0005-polling-nodes': [addColumns('consulate_device_codes', { last_polled_by: 'id?' })],
  '0006-app-sessions': [
    addColumns('consulate_sessions', { app_session_hash: 'id?' }),
    addIndex('consulate_sessions', ['app_session_hash']),
    addColumns('consulate_epochs', { raised_at: 'time?' }),
  ],
  // Nullable: not every database accepts a default for this type.
  '0007-sign-in-methods': [addColumns('consulate_sessions', { methods: 'json?' })],
  '0008-client-features': [addColumns('consulate_clients', { introspects: 'flag = 0' })],
  '0009-client-fields': [
    addColumns('consulate_clients', {
      access_token_lifetime: 'time?',
      refresh_token_lifetime: 'time?',
      refresh_token_maximum_lifetime: 'time?',
      fields: 'json?',
    }),
  ],
  '0010-webhooks': Object.entries(WEBHOOK_TABLES).map(([table, definition]) =>
    createTable(table, definition),
  ),
  '0011-imported-tokens': [createTable('consulate_imported_tokens', IMPORTED_TOKENS)],
  '0012-audit': [
    addColumns('consulate_audit', { actor: 'id?' }),
    ...AUDIT_INDEXES.map((columns) => addIndex('consulate_audit', columns)),
  ],
  '0013-sealed-secrets': [createTable('consulate_sealed_secrets', SEALED_SECRETS)],
  '0014-leases': [createTable('consulate_leases', LEASES)],
  '0015-messages': [createTable('consulate_messages', MESSAGES)],
  '0017-purge-times': [
    addColumns('consulate_authorizations', { purge_at: 'time = 0' }),
    addColumns('consulate_sessions', { purge_at: 'time = 0' }),
    ...Object.entries(PURGE_INDEXES).map(([table, columns]) => addIndex(table, columns)),
  ],
}
