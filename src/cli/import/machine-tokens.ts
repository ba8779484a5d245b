import type { ClientOutcome } from './clients.ts'
import type { ImportContext } from './context.ts'
import { keptScopes, type PassportToken } from './token-row.ts'

/** Imports a token that a client got for itself. */
export async function importMachineToken(
  token: PassportToken,
  outcome: Extract<ClientOutcome, { kind: 'client' }>,
  context: ImportContext,
): Promise<void> {
  const { store, log, now, isDryRun } = context
  const { kind, id, isRevoked, expiresAt } = token
  if (expiresAt <= now) return log.skip(kind, 'it has expired')
  const existing = await store.importedTokens.find(id)
  if (existing) return keepOrRevoke(token, outcome.client.id, context)
  if (isRevoked) return log.skip(kind, 'it is revoked')
  const clientId = outcome.client.id
  const epochs = await store.revocations.readEpochs('', clientId)
  const scopes = keptScopes(token, outcome, context)
  const row = { id, clientId, scopes, issuerEpoch: epochs.issuer, clientEpoch: epochs.client, expiresAt }
  if (!isDryRun) await store.importedTokens.insert(row)
  log.count(kind, 'imported')
}

/** It was imported before. If Passport has revoked it since, it is revoked here too. */
async function keepOrRevoke(
  { kind, id, isRevoked, expiresAt }: PassportToken,
  clientId: string,
  { store, log, now, isDryRun }: ImportContext,
): Promise<void> {
  const epochs = await store.revocations.readEpochs('', clientId)
  const token = { id, authorizationId: null, sessionId: null, subject: null, clientId, epochs }
  const isNew = isRevoked && !(await store.revocations.isTokenRevoked(token))
  log.count(kind, isNew ? 'revoked' : 'existing')
  if (isNew && !isDryRun)
    await store.revocations.revoke({ kind: 'token', jti: id, expiresAt, sub: clientId }, now)
}
