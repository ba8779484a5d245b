import { sha256 } from '../../lib/hash.ts'
import type { Authorization } from '../../model/authorization.ts'
import { PERSONAL_ACCESS } from '../../model/client.ts'
import { importedSeed } from '../../model/imported-token.ts'
import type { UserRef } from '../../model/subject.ts'
import type { ClientOutcome } from './clients.ts'
import type { ImportContext } from './context.ts'
import { importMachineToken } from './machine-tokens.ts'
import type { Row } from './rows.ts'
import { keptScopes, readToken, type PassportToken } from './token-row.ts'

/** An unrevoked, unexpired refresh token. */
export interface LiveRefreshToken {
  readonly id: string
  readonly expiresAt: number
}

/** What the import of tokens needs to know of the other tables. */
export interface TokenContext extends ImportContext {
  /** By their IDs in Passport's tables. */
  readonly clients: ReadonlyMap<string, ClientOutcome>
  /** By the ID of the access token. */
  readonly refreshTokens: ReadonlyMap<string, LiveRefreshToken>
  readonly hasUser: (user: UserRef) => Promise<boolean>
}

/** Imports a row of `oauth_access_tokens`, with its refresh token. Returns the authorization of an app that is new. */
export async function importToken(row: Row, context: TokenContext): Promise<Authorization | undefined> {
  const outcome = context.clients.get(row['client_id'] ?? '')
  const token = readToken(row, outcome, context)
  const skip = (reason: string): undefined => context.log.skip(token.kind, reason) as undefined
  if ('problem' in token) return skip(token.problem)
  if (!outcome) return skip('its client was not imported')
  if (token.kind === 'machineTokens' && outcome.kind === 'client')
    return importMachineToken(token, outcome, context) as Promise<undefined>
  const existing = await context.store.authorizations.find(token.id)
  if (existing) return keepOrRevoke(existing, token, context)
  if (token.isRevoked) return skip('it is revoked')
  const refresh = context.refreshTokens.get(row['id']?.trim() ?? '')
  if (token.expiresAt <= context.now && !refresh) return skip('it has expired')
  const { provider } = outcome.kind === 'client' ? outcome.client : outcome
  const user = { provider, userId: row['user_id'] ?? '' }
  if (!(await context.hasUser(user))) return skip('its user was not found')
  return insert(user, token, outcome, refresh, context)
}

async function insert(
  user: UserRef,
  token: PassportToken,
  outcome: ClientOutcome,
  refresh: LiveRefreshToken | undefined,
  context: TokenContext,
): Promise<Authorization | undefined> {
  const { store, log, subjectOf, isDryRun } = context
  const sub = subjectOf(user)
  const clientId = outcome.kind === 'personal' ? PERSONAL_ACCESS : outcome.client.id
  const authorization: Authorization = {
    ...user,
    id: token.id,
    clientId,
    sessionId: null,
    scopes: keptScopes(token, outcome, context),
    resources: [],
    name: outcome.kind === 'personal' ? nameOf(token) : null,
    seedHash: refresh ? sha256(importedSeed(refresh.id)) : null,
    generation: 0,
    rotations: [],
    epochs: await store.revocations.readEpochs(sub, clientId),
    createdAt: token.createdAt,
    lastUsedAt: token.createdAt,
    expiresAt: refresh ? refresh.expiresAt : token.expiresAt,
    accessExpiresAt: token.expiresAt,
    revokedAt: null,
  }
  if (!isDryRun && !(await store.authorizations.insert(authorization, sub)))
    return log.skip(token.kind, 'its client is revoked here') as undefined
  log.count(token.kind, 'imported')
  if (refresh) log.report.refreshTokens += 1
  return token.kind === 'accessTokens' ? authorization : undefined
}

/** Names are shown on pages and terminals. */
const nameOf = ({ name }: PassportToken): string =>
  (name ?? '')
    .replaceAll(/\p{Cc}/gu, ' ')
    .trim()
    .slice(0, 255) || 'Imported from Passport'

/** It was imported before. If Passport has revoked it since, it is revoked here too. */
async function keepOrRevoke(
  { id, revokedAt, ...user }: Authorization,
  { kind, isRevoked }: PassportToken,
  { store, log, now, isDryRun, subjectOf }: ImportContext,
): Promise<undefined> {
  const isNew = isRevoked && revokedAt === null
  log.count(kind, isNew ? 'revoked' : 'existing')
  if (isNew && !isDryRun)
    await store.revocations.revoke({ kind: 'authorization', id, sub: subjectOf(user) }, now)
}
