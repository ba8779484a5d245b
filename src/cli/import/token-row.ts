import { isFirstParty } from '../../model/client.ts'
import { importedTokenId } from '../../model/imported-token.ts'
import { EVERY_SCOPE, remainingScopes, scopeRulesFor } from '../../model/scope.ts'
import type { ClientOutcome } from './clients.ts'
import type { ImportContext } from './context.ts'
import type { ImportKind } from './report.ts'
import type { Row } from './rows.ts'
import { isTrue, jsonList, timeOf } from './values.ts'

/** An access token of Passport. */
export interface PassportToken {
  readonly kind: ImportKind
  /** Ours, derived from that of Passport. */
  readonly id: string
  readonly name: string | null
  readonly scopes: readonly string[]
  readonly isRevoked: boolean
  readonly createdAt: number
  readonly expiresAt: number
}

/** An ID of the league's server: 40 random bytes in hexadecimal. */
const TOKEN_ID = /^[0-9a-f]{80}$/

/** Reads a row of `oauth_access_tokens`. Returns what is wrong with it if it cannot be used. */
export function readToken(
  row: Row,
  outcome: ClientOutcome | undefined,
  { timeZone, now }: ImportContext,
): PassportToken | { readonly kind: ImportKind; readonly problem: string } {
  const kind = kindOf(row, outcome)
  const tokenId = row['id']?.trim() ?? ''
  const expiresAt = timeOf(row, 'expires_at', timeZone)
  const scopes = jsonList(row['scopes'] ?? '[]')
  if (!TOKEN_ID.test(tokenId)) return { kind, problem: 'its ID is malformed' }
  if (expiresAt === undefined) return { kind, problem: 'its expiration is missing or malformed' }
  if (!scopes) return { kind, problem: 'its scopes are malformed' }
  return {
    kind,
    id: importedTokenId(tokenId),
    name: row['name'] ?? null,
    scopes,
    isRevoked: isTrue(row['revoked']),
    createdAt: timeOf(row, 'created_at', timeZone) ?? now,
    expiresAt,
  }
}

/** A machine token has no user. In Passport 12, a user and a client can have the same ID. */
function kindOf(row: Row, outcome: ClientOutcome | undefined): ImportKind {
  if (outcome?.kind === 'personal') return 'personalTokens'
  return (row['user_id'] ?? null) === null ? 'machineTokens' : 'accessTokens'
}

/** Drops scopes that are no longer defined, and those that the client cannot have here. */
export function keptScopes(
  { kind, scopes }: PassportToken,
  outcome: ClientOutcome,
  { settings, log }: ImportContext,
): readonly string[] {
  const client = outcome.kind === 'client' ? outcome.client : undefined
  const rules = client ? scopeRulesFor(settings.scopes, client) : settings.scopes
  const kept = remainingScopes(rules, scopes, client?.scopes ?? null).filter(
    (scope) => scope !== EVERY_SCOPE || !client || isFirstParty(client),
  )
  if (!scopes.every((scope) => kept.includes(scope)))
    log.change(kind, 'imported without scopes that are not defined, or not allowed for the client')
  return kept
}
