import { DatabaseSync } from 'node:sqlite'

/** The migrations of the SQL store, in their order. */
export const MIGRATIONS: readonly string[] = [
  '0001-first-tables',
  '0002-device-codes',
  '0003-passwords',
  '0004-revoked-users',
  '0005-polling-nodes',
  '0006-app-sessions',
  '0007-sign-in-methods',
  '0008-client-features',
  '0009-client-fields',
  '0010-webhooks',
  '0011-imported-tokens',
  '0012-audit',
  '0013-sealed-secrets',
  '0014-leases',
  '0015-messages',
]

/** The statements that undo each of them but the first. */
const UNDO: Readonly<Record<string, string>> = {
  '0002-device-codes': 'drop table consulate_device_codes',
  '0003-passwords':
    'drop table consulate_password_resets; alter table consulate_sessions drop column authenticated_at',
  '0004-revoked-users': 'alter table consulate_revocations drop column sub',
  '0005-polling-nodes': 'alter table consulate_device_codes drop column last_polled_by',
  '0006-app-sessions':
    'drop index consulate_sessions_app_session_hash; alter table consulate_sessions drop column app_session_hash; alter table consulate_epochs drop column raised_at',
  '0007-sign-in-methods': 'alter table consulate_sessions drop column methods',
  '0008-client-features': 'alter table consulate_clients drop column introspects',
  '0009-client-fields': [
    'access_token_lifetime',
    'refresh_token_lifetime',
    'refresh_token_maximum_lifetime',
    'fields',
  ]
    .map((column) => `alter table consulate_clients drop column ${column}`)
    .join('; '),
  '0011-imported-tokens': 'drop table consulate_imported_tokens',
  '0010-webhooks': 'drop table consulate_webhook_deliveries; drop table consulate_webhook_endpoints',
  '0012-audit': [
    ...[
      'created_at_id',
      'sub_created_at_id',
      'client_id_created_at_id',
      'event_created_at_id',
      'address_created_at_id',
    ].map((columns) => `drop index consulate_audit_${columns}`),
    'alter table consulate_audit drop column actor',
  ].join('; '),
  '0013-sealed-secrets': 'drop table consulate_sealed_secrets',
  '0014-leases': 'drop table consulate_leases',
  '0015-messages': 'drop table consulate_messages',
}

/** Takes a database file back to the first version. */
export function downgrade(path: string): void {
  const database = new DatabaseSync(path)
  for (const name of MIGRATIONS.slice(1).toReversed()) database.exec(UNDO[name] ?? '')
  database.exec("delete from consulate_migrations where name > '0002'")
  database.close()
}
