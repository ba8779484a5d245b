import type { ColumnType } from 'kysely'
import type { AnyInteger, Integer, NullableInteger, Serial } from './columns.ts'
import type { LeaseTable, MessageTable } from './node-tables.ts'
import type { WebhookDeliveryTable, WebhookEndpointTable } from './webhook-tables.ts'

/** When a purge looks at the row. 0 in rows from before the column was added: the next purge sets it. */
type PurgeTime = ColumnType<AnyInteger, number | undefined, number>

/** `consulate_clients`. The epoch of a client is in `consulate_epochs`. */
export interface ClientTable {
  id: string
  name: string
  type: string
  secrets: string
  redirect_uris: string
  grant_types: string
  scopes: string | null
  provider: string
  owner_id: string | null
  is_third_party: Integer
  logo: string | null
  homepage: string | null
  privacy: string | null
  terms: string | null
  publisher: string | null
  requires_pkce: Integer
  skips_consent: Integer
  ends_with_session: Integer
  follows_revocations: Integer
  introspects: Integer
  grace_window: NullableInteger
  access_token_lifetime: NullableInteger
  refresh_token_lifetime: NullableInteger
  refresh_token_maximum_lifetime: NullableInteger
  /** JSON. Null for clients from before the column was added. */
  fields: string | null
  created_at: Integer
  revoked_at: NullableInteger
}

/** `consulate_client_origins`: the web origins of a client's redirect URIs. */
export interface ClientOriginTable {
  origin: string
  client_id: string
}

/** `consulate_users`: built-in users. */
export interface UserTable {
  id: string
  email: string
  name: string
  password_hash: string
  created_at: Integer
  disabled_at: NullableInteger
}

export interface SessionTable {
  id: string
  cookie_hash: string
  app_session_hash: string | null
  provider: string
  user_id: string
  device_name: string
  user_agent: string
  address: string
  issuer_epoch: Integer
  user_epoch: Integer
  created_at: Integer
  authenticated_at: Integer
  last_seen_at: Integer
  expires_at: Integer
  is_persistent: Integer
  /** JSON. Null for sessions from before the column was added. */
  methods: string | null
  revoked_at: NullableInteger
  purge_at: PurgeTime
}

/** `consulate_password_resets`: links to reset forgotten passwords. */
export interface PasswordResetTable {
  hash: string
  provider: string
  user_id: string
  created_at: Integer
  expires_at: Integer
  spent_at: NullableInteger
  voided_at: NullableInteger
}

/** `consulate_codes`: authorization codes. */
export interface CodeTable {
  hash: string
  authorization_id: string
  client_id: string
  provider: string
  user_id: string
  session_id: string
  ends_with_session: Integer
  redirect_uri: string
  is_redirect_uri_required: Integer
  scopes: string
  resources: string
  code_challenge: string | null
  issuer_epoch: Integer
  client_epoch: Integer
  user_epoch: Integer
  created_at: Integer
  expires_at: Integer
  spent_at: NullableInteger
  voided_at: NullableInteger
}

/** `consulate_device_codes`. Provider, user, session and user epoch belong to the claim. */
export interface DeviceCodeTable {
  hash: string
  user_code_hash: string
  authorization_id: string
  client_id: string
  scopes: string
  resources: string
  address: string
  issuer_epoch: Integer
  client_epoch: Integer
  poll_interval: Integer
  last_polled_at: NullableInteger
  last_polled_by: string | null
  provider: string | null
  user_id: string | null
  session_id: string | null
  user_epoch: NullableInteger
  decision: string | null
  created_at: Integer
  expires_at: Integer
  spent_at: NullableInteger
  voided_at: NullableInteger
}

export interface AuthorizationTable {
  id: string
  client_id: string
  provider: string
  user_id: string
  session_id: string | null
  scopes: string
  resources: string
  name: string | null
  seed_hash: string | null
  generation: Integer
  rotations: string
  issuer_epoch: Integer
  client_epoch: Integer
  user_epoch: Integer
  created_at: Integer
  last_used_at: Integer
  expires_at: Integer
  access_expires_at: Integer
  revoked_at: NullableInteger
  purge_at: PurgeTime
}

/** `consulate_consents`: one row with an empty scope for the consent itself, and one for each scope. */
export interface ConsentTable {
  provider: string
  user_id: string
  client_id: string
  scope: string
  given_at: Integer
}

/** `consulate_revocations`: the revocation feed. */
export interface RevocationTable {
  id: Serial
  kind: string
  subject: string
  sub: string | null
  epoch: Integer
  expires_at: NullableInteger
}

/** `consulate_epochs`: the counter of the issuer (with an empty subject), of clients by id and of users by `sub`. `feed` is no counter. */
export interface EpochTable {
  kind: EpochKind | 'feed'
  subject: string
  epoch: Integer
  /** Null if it was never raised, or only before the column was added. */
  raised_at: NullableInteger
}

export type EpochKind = 'issuer' | 'client' | 'user'

export interface FingerprintTable {
  fingerprint: string
  added_at: Integer
}

/** `consulate_imported_tokens`: machine tokens of another server. */
export interface ImportedTokenTable {
  id: string
  client_id: string
  scopes: string
  issuer_epoch: Integer
  client_epoch: Integer
  expires_at: Integer
}

export interface AuditTable {
  id: Serial
  created_at: Integer
  request_id: string | null
  event: string
  /** Null for entries from before the column was added. */
  actor: string | null
  status: NullableInteger
  code: string | null
  path: string | null
  client_id: string | null
  sub: string | null
  address: string | null
  detail: string
}

/** `consulate_sealed_secrets`: one row, if the secrets are in the store. */
export interface SealedSecretTable {
  id: string
  version: Integer
  /** JSON. */
  sealed: string
}

export interface Tables {
  consulate_clients: ClientTable
  consulate_client_origins: ClientOriginTable
  consulate_users: UserTable
  consulate_sessions: SessionTable
  consulate_password_resets: PasswordResetTable
  consulate_codes: CodeTable
  consulate_device_codes: DeviceCodeTable
  consulate_authorizations: AuthorizationTable
  consulate_consents: ConsentTable
  consulate_revocations: RevocationTable
  consulate_epochs: EpochTable
  consulate_fingerprints: FingerprintTable
  consulate_audit: AuditTable
  consulate_imported_tokens: ImportedTokenTable
  consulate_sealed_secrets: SealedSecretTable
  consulate_webhook_deliveries: WebhookDeliveryTable
  consulate_webhook_endpoints: WebhookEndpointTable
  consulate_leases: LeaseTable
  consulate_messages: MessageTable
}
