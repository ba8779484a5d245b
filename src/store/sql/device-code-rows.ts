import type { Insertable, Selectable } from 'kysely'
import type { DeviceClaim, DeviceCode, DeviceDecision } from '../../model/device-code.ts'
import { fromJson, numberOrNull, toJson } from './columns.ts'
import type { DeviceCodeTable } from './tables.ts'

/** A device code as a row. */
export const toDeviceCodeRow = (code: DeviceCode): Insertable<DeviceCodeTable> => ({
  hash: code.hash,
  user_code_hash: code.userCodeHash,
  authorization_id: code.authorizationId,
  client_id: code.clientId,
  scopes: toJson(code.scopes),
  resources: toJson(code.resources),
  address: code.address,
  issuer_epoch: code.issuerEpoch,
  client_epoch: code.clientEpoch,
  poll_interval: code.interval,
  last_polled_at: code.lastPolledAt,
  provider: code.claim?.provider ?? null,
  user_id: code.claim?.userId ?? null,
  session_id: code.claim?.sessionId ?? null,
  user_epoch: code.claim?.userEpoch ?? null,
  decision: code.decision,
  created_at: code.createdAt,
  expires_at: code.expiresAt,
  spent_at: code.spentAt,
  voided_at: code.voidedAt,
})

/** A row as a device code. */
export const toDeviceCode = (row: Selectable<DeviceCodeTable>): DeviceCode => ({
  hash: row.hash,
  userCodeHash: row.user_code_hash,
  authorizationId: row.authorization_id,
  clientId: row.client_id,
  scopes: fromJson(row.scopes),
  resources: fromJson(row.resources),
  address: row.address,
  issuerEpoch: Number(row.issuer_epoch),
  clientEpoch: Number(row.client_epoch),
  interval: Number(row.poll_interval),
  lastPolledAt: numberOrNull(row.last_polled_at),
  claim: toClaim(row),
  decision: row.decision as DeviceDecision | null,
  createdAt: Number(row.created_at),
  expiresAt: Number(row.expires_at),
  spentAt: numberOrNull(row.spent_at),
  voidedAt: numberOrNull(row.voided_at),
})

/** The four columns of a claim are filled together, or none is. */
function toClaim({
  provider,
  user_id: userId,
  session_id: sessionId,
  user_epoch: userEpoch,
}: Selectable<DeviceCodeTable>): DeviceClaim | null {
  if (provider === null || userId === null || sessionId === null || userEpoch === null) return null
  return { provider, userId, sessionId, userEpoch: Number(userEpoch) }
}
