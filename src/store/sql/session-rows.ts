import type { Insertable, Selectable } from 'kysely'
import type { Session } from '../../model/session.ts'
import { fromFlag, numberOrNull, toFlag } from './columns.ts'
import type { SessionTable } from './tables.ts'

/** A session as a row. */
export const toSessionRow = (session: Session): Insertable<SessionTable> => ({
  id: session.id,
  cookie_hash: session.cookieHash,
  provider: session.provider,
  user_id: session.userId,
  device_name: session.deviceName,
  user_agent: session.userAgent,
  address: session.address,
  issuer_epoch: session.issuerEpoch,
  user_epoch: session.userEpoch,
  created_at: session.createdAt,
  last_seen_at: session.lastSeenAt,
  expires_at: session.expiresAt,
  is_persistent: toFlag(session.isPersistent),
  revoked_at: session.revokedAt,
})

/** A row as a session. */
export const toSession = (row: Selectable<SessionTable>): Session => ({
  id: row.id,
  cookieHash: row.cookie_hash,
  provider: row.provider,
  userId: row.user_id,
  deviceName: row.device_name,
  userAgent: row.user_agent,
  address: row.address,
  issuerEpoch: Number(row.issuer_epoch),
  userEpoch: Number(row.user_epoch),
  createdAt: Number(row.created_at),
  lastSeenAt: Number(row.last_seen_at),
  expiresAt: Number(row.expires_at),
  isPersistent: fromFlag(row.is_persistent),
  revokedAt: numberOrNull(row.revoked_at),
})
