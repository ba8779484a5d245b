import type { TableDefinition } from './table-definition.ts'
import type { Tables } from './tables.ts'

const EPOCHS = { issuer_epoch: 'count', client_epoch: 'count', user_epoch: 'count' } as const

/** The tables of the first migration. */
export const FIRST_TABLES: Readonly<Record<string, TableDefinition>> = {
  consulate_clients: {
    columns: {
      id: 'id',
      name: 'text',
      type: 'id',
      secrets: 'json',
      redirect_uris: 'json',
      grant_types: 'json',
      scopes: 'json?',
      provider: 'id',
      owner_id: 'key?',
      is_third_party: 'flag',
      logo: 'text?',
      homepage: 'text?',
      privacy: 'text?',
      terms: 'text?',
      publisher: 'text?',
      requires_pkce: 'flag',
      skips_consent: 'flag',
      ends_with_session: 'flag',
      follows_revocations: 'flag',
      grace_window: 'time?',
      created_at: 'time',
      revoked_at: 'time?',
    },
    primaryKey: ['id'],
    indexes: [['owner_id']],
  },
  consulate_client_origins: {
    columns: { origin: 'uri', client_id: 'id' },
    primaryKey: ['origin', 'client_id'],
    indexes: [['client_id']],
  },
  consulate_users: {
    columns: {
      id: 'id',
      email: 'key',
      name: 'text',
      password_hash: 'text',
      created_at: 'time',
      disabled_at: 'time?',
    },
    primaryKey: ['id'],
    unique: ['email'],
  },
  consulate_sessions: {
    columns: {
      id: 'id',
      cookie_hash: 'id',
      provider: 'id',
      user_id: 'key',
      device_name: 'text',
      user_agent: 'text',
      address: 'text',
      issuer_epoch: 'count',
      user_epoch: 'count',
      created_at: 'time',
      last_seen_at: 'time',
      expires_at: 'time',
      is_persistent: 'flag',
      revoked_at: 'time?',
    },
    primaryKey: ['id'],
    unique: ['cookie_hash'],
    indexes: [['provider', 'user_id']],
  },
  consulate_codes: {
    columns: {
      hash: 'id',
      authorization_id: 'id',
      client_id: 'id',
      provider: 'id',
      user_id: 'key',
      session_id: 'id',
      ends_with_session: 'flag',
      redirect_uri: 'text',
      is_redirect_uri_required: 'flag',
      scopes: 'json',
      resources: 'json',
      code_challenge: 'text?',
      ...EPOCHS,
      created_at: 'time',
      expires_at: 'time',
      spent_at: 'time?',
      voided_at: 'time?',
    },
    primaryKey: ['hash'],
    indexes: [['session_id'], ['provider', 'user_id', 'client_id'], ['client_id']],
  },
  consulate_authorizations: {
    columns: {
      id: 'id',
      client_id: 'id',
      provider: 'id',
      user_id: 'key',
      session_id: 'id?',
      scopes: 'json',
      resources: 'json',
      name: 'text?',
      seed_hash: 'id?',
      generation: 'count',
      rotations: 'json',
      ...EPOCHS,
      created_at: 'time',
      last_used_at: 'time',
      expires_at: 'time',
      access_expires_at: 'time',
      revoked_at: 'time?',
    },
    primaryKey: ['id'],
    indexes: [['session_id'], ['provider', 'user_id'], ['client_id']],
  },
  consulate_consents: {
    columns: { provider: 'id', user_id: 'key', client_id: 'id', scope: 'uri', given_at: 'time' },
    primaryKey: ['provider', 'user_id', 'client_id', 'scope'],
  },
  consulate_revocations: {
    columns: { id: 'serial', kind: 'id', subject: 'key', epoch: 'count', expires_at: 'time?' },
    indexes: [['kind', 'subject']],
  },
  consulate_epochs: {
    columns: { kind: 'id', subject: 'key', epoch: 'count' },
    primaryKey: ['kind', 'subject'],
  },
  consulate_fingerprints: {
    columns: { fingerprint: 'id', added_at: 'time' },
    primaryKey: ['fingerprint'],
  },
  consulate_audit: {
    columns: {
      id: 'serial',
      created_at: 'time',
      request_id: 'id?',
      event: 'id',
      status: 'count?',
      code: 'id?',
      path: 'text?',
      client_id: 'id?',
      sub: 'key?',
      address: 'key?',
      detail: 'text',
    },
    indexes: [['request_id']],
  },
}

/** The indexes of the audit log: each list is sorted by time, newest first. */
export const AUDIT_INDEXES: readonly (readonly string[])[] = [
  ['created_at', 'id'],
  ['sub', 'created_at', 'id'],
  ['client_id', 'created_at', 'id'],
  ['event', 'created_at', 'id'],
  ['address', 'created_at', 'id'],
]

/** The order in which a purge looks at the rows. Nothing that a request updates often is part of it. */
export const PURGE_INDEXES: Readonly<Partial<Record<keyof Tables, readonly string[]>>> = {
  consulate_authorizations: ['purge_at', 'id'],
  consulate_sessions: ['purge_at', 'id'],
  consulate_codes: ['expires_at', 'hash'],
  consulate_device_codes: ['expires_at', 'hash'],
  consulate_password_resets: ['expires_at', 'hash'],
  consulate_imported_tokens: ['expires_at', 'id'],
  consulate_revocations: ['expires_at', 'id'],
}

/** The table of the second migration. */
export const DEVICE_CODES: TableDefinition = {
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

/** The table of the third migration. */
export const PASSWORD_RESETS: TableDefinition = {
  columns: {
    hash: 'id',
    provider: 'id',
    user_id: 'key',
    created_at: 'time',
    expires_at: 'time',
    spent_at: 'time?',
    voided_at: 'time?',
  },
  primaryKey: ['hash'],
  indexes: [['provider', 'user_id']],
}

/** The table of the eleventh migration. */
export const IMPORTED_TOKENS: TableDefinition = {
  columns: {
    id: 'id',
    client_id: 'id',
    scopes: 'json',
    issuer_epoch: 'count',
    client_epoch: 'count',
    expires_at: 'time',
  },
  primaryKey: ['id'],
}

/** The table of the thirteenth migration. */
export const SEALED_SECRETS: TableDefinition = {
  columns: { id: 'id', version: 'count', sealed: 'json' },
  primaryKey: ['id'],
}
