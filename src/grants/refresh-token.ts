import { OAuthError } from '../errors.ts'
import type { RefreshPolicy } from '../issuance/context.ts'
import type { Permission } from '../issuance/permission.ts'
import type { RefreshTokenParts } from '../keys/refresh-token.ts'
import type { Duration } from '../lib/duration.ts'
import { isEqualInConstantTime, sha256 } from '../lib/hash.ts'
import { generationStatus, type Authorization, type GenerationStatus } from '../model/authorization.ts'
import type { Client } from '../model/client.ts'
import { firstUncovered, parseScope, remainingScopes } from '../model/scope.ts'
import {
  canBeGuess,
  refuse,
  type BuiltInGrant,
  type BuiltInGrantContext,
  type GrantRequest,
  type Refusal,
} from './grant.ts'
import { narrowResources } from './resources.ts'

/** Options of the refresh token grant. */
export interface RefreshTokenOptions {
  /** How long a refresh token is valid without use. Default: 30 days. */
  readonly lifetime?: Duration
  /** How long after the sign-in refreshes stay possible. Default: no limit. */
  readonly maximumLifetime?: Duration
  /** How long a refresh token still works after it was rotated, for retries. Default: 60 seconds; 0 for never. */
  readonly graceWindow?: Duration
  /** Whose refresh tokens rotate. Default: `always`. Those of public clients always do. */
  readonly rotation?: RefreshPolicy['rotation']
}

/** The refresh token grant. */
export interface RefreshTokenGrant extends BuiltInGrant {
  readonly type: 'refresh_token'
  readonly options: RefreshTokenOptions
}

/** Creates the refresh token grant (RFC 6749 section 6), with rotation and replay detection (RFC 9700 section 4.14). */
export const refreshToken = (options: RefreshTokenOptions = {}): RefreshTokenGrant => ({
  type: 'refresh_token',
  options,
  async decide(request, context) {
    const token = request.form.get('refresh_token')
    if (token === undefined)
      return refuse(new OAuthError('invalid_request', 'The parameter refresh_token is missing'))
    // A forged token is refused here, without a query.
    const parts = context.refreshTokens.parse(token)
    if (!parts)
      return refuse(invalidGrant('the refresh token is malformed or was signed by another server'), {
        isGuess: canBeGuess(request.client),
      })
    const authorization = await findAuthorization(context, parts.authorizationId)
    if (!authorization) return refuse(invalidGrant(`no authorization ${parts.authorizationId}`))
    return (
      problemOf(authorization, parts, request.client, context) ??
      permit(authorization, parts, request, context)
    )
  },
})

/** Reads the row again if the feed has revoked it: a password change may have moved it to a new epoch since. */
async function findAuthorization(
  { store: { authorizations }, isRevoked }: BuiltInGrantContext,
  id: string,
): Promise<Authorization | undefined> {
  const row = await authorizations.find(id)
  return row?.revokedAt === null && isRevoked(row) ? authorizations.find(id) : row
}

/** Checks the owner first, then whether the authorization is valid, then whether the token was replayed. */
function problemOf(
  authorization: Authorization,
  { seed, generation }: RefreshTokenParts,
  client: Client,
  { clock, isRevoked }: BuiltInGrantContext,
): Refusal | undefined {
  const { id: authorizationId, seedHash, clientId, revokedAt, expiresAt } = authorization
  if (seedHash === null || !isEqualInConstantTime(seedHash, sha256(seed))) {
    return refuse(invalidGrant(`the seed does not match authorization ${authorizationId}`), {
      isGuess: canBeGuess(client),
    })
  }
  if (clientId !== client.id)
    return refuse(invalidGrant(`the refresh token was issued to client ${clientId}`))
  if (revokedAt !== null || isRevoked(authorization)) {
    return refuse(invalidGrant(`authorization ${authorizationId} was revoked`))
  }
  if (expiresAt <= clock.now()) return refuse(invalidGrant('the refresh token has expired'))
  if (generationStatus(authorization, generation, clock.now()) !== 'replayed') return undefined
  const detail = `generation ${generation} of authorization ${authorizationId} was replayed`
  return refuse(invalidGrant(detail), { replay: { credential: 'refresh_token', authorizationId } })
}

async function permit(
  authorization: Authorization,
  { generation: presented, seed }: RefreshTokenParts,
  { client, form }: GrantRequest,
  context: BuiltInGrantContext,
): Promise<Permission | Refusal> {
  const resources = narrowResources(context, authorization.resources, form.getAll('resource'))
  const scopes = narrowScopes(authorization, client, form.get('scope'), context)
  if (scopes === undefined) {
    return refuse(new OAuthError('invalid_scope', 'The scope exceeds what was authorized'))
  }
  if (!(await context.userDirectory.find(authorization))) {
    return refuse(invalidGrant(`user ${authorization.userId} is deleted or disabled`))
  }
  const status = generationStatus(authorization, presented, context.clock.now())
  const rotates = client.type === 'public' || context.refresh?.rotation !== 'public'
  const generation = nextGeneration(authorization.generation, presented, status, rotates)
  return { kind: 'refresh', client, authorization, seed, presented, generation, scopes, resources }
}

function nextGeneration(
  current: number,
  presented: number,
  status: GenerationStatus,
  rotates: boolean,
): number {
  if (status === 'repeated') return current
  return rotates ? presented + 1 : presented
}

/** Returns the requested scopes that are still available, or undefined if more was requested than authorized. */
function narrowScopes(
  { scopes }: Authorization,
  client: Client,
  requested: string | undefined,
  context: BuiltInGrantContext,
): readonly string[] | undefined {
  const narrowed = requested === undefined ? scopes : parseScope(requested)
  return firstUncovered(scopes, narrowed) === undefined
    ? remainingScopes(context.scopes, narrowed, client.scopes)
    : undefined
}

const invalidGrant = (detail: string): OAuthError =>
  new OAuthError('invalid_grant', 'The refresh token is invalid', { detail })
