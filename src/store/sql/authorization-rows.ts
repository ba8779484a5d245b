import type { Insertable, Selectable } from 'kysely'
import type { Authorization, Rotation } from '../../model/authorization.ts'
import { fromJson, numberOrNull, toJson } from './columns.ts'
import type { AuthorizationTable } from './tables.ts'

/** An authorization as a row. */
export const toAuthorizationRow = (authorization: Authorization): Insertable<AuthorizationTable> => ({
  id: authorization.id,
  client_id: authorization.clientId,
  provider: authorization.provider,
  user_id: authorization.userId,
  session_id: authorization.sessionId,
  scopes: toJson(authorization.scopes),
  resources: toJson(authorization.resources),
  name: authorization.name,
  seed_hash: authorization.seedHash,
  generation: authorization.generation,
  rotations: toJson(authorization.rotations),
  issuer_epoch: authorization.epochs.issuer,
  client_epoch: authorization.epochs.client,
  user_epoch: authorization.epochs.user,
  created_at: authorization.createdAt,
  last_used_at: authorization.lastUsedAt,
  expires_at: authorization.expiresAt,
  access_expires_at: authorization.accessExpiresAt,
  revoked_at: authorization.revokedAt,
})

/** A row as an authorization. */
export const toAuthorization = (row: Selectable<AuthorizationTable>): Authorization => ({
  id: row.id,
  clientId: row.client_id,
  provider: row.provider,
  userId: row.user_id,
  sessionId: row.session_id,
  scopes: fromJson(row.scopes),
  resources: fromJson(row.resources),
  name: row.name,
  seedHash: row.seed_hash,
  generation: Number(row.generation),
  rotations: JSON.parse(row.rotations) as Rotation[],
  epochs: {
    issuer: Number(row.issuer_epoch),
    client: Number(row.client_epoch),
    user: Number(row.user_epoch),
  },
  createdAt: Number(row.created_at),
  lastUsedAt: Number(row.last_used_at),
  expiresAt: Number(row.expires_at),
  accessExpiresAt: Number(row.access_expires_at),
  revokedAt: numberOrNull(row.revoked_at),
})
