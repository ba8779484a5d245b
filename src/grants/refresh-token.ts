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
  guessBy,
  refuse,
  type BuiltInGrant,
  type BuiltInGrantContext,
  type GrantRequest,
  type Refusal,
} from './grant.ts'
import { narrowResources } from './resources.ts'

/** Options of the refresh token grant. */
export interface RefreshTokenOptions {
  /** How long a refresh token lives without use; default 30 days. */
  readonly lifetime?: Duration
  /** How long after the sign-in no refresh is possible any more; default: no such limit. */
  readonly maximumLifetime?: Duration
  /** How long a refresh token may be repeated after it was rotated; default 60 seconds, 0 for never. */
  readonly graceWindow?: Duration
  /** Whose tokens each refresh replaces; default `always`. Public clients' are always replaced. */
  readonly rotation?: RefreshPolicy['rotation']
}

/** The refresh token grant. */
export interface RefreshTokenGrant extends BuiltInGrant {
  readonly type: 'refresh_token'
  readonly options: RefreshTokenOptions
}

/** A client goes on without the user (RFC 6749 section 6), with rotation and replay detection (RFC 9700 section 4.14). */
export const refreshToken = (options: RefreshTokenOptions = {}): RefreshTokenGrant => ({
  type: 'refresh_token',
  options,
  async decide(request, context) {
    const token = request.form.get('refresh_token')
    if (token === undefined)
      return refuse(new OAuthError('invalid_request', 'The parameter refresh_token is missing'))
    // A forged token ends here and costs no query.
    const parts = context.refreshTokens.parse(token)
    if (!parts) return refuse(invalidGrant('the refresh token was not made here'), guessBy(request.client))
    const authorization = await findAuthorization(context, parts.authorizationId)
    if (!authorization) return refuse(invalidGrant(`no authorization ${parts.authorizationId}`))
    return (
      problemOf(authorization, parts, request.client, context) ??
      permit(authorization, parts, request, context)
    )
  },
})

/** What the feed has ended may have been moved to a new epoch since the row was read, as a changed password does it. */
async function findAuthorization(
  { store: { authorizations }, isEnded }: BuiltInGrantContext,
  id: string,
): Promise<Authorization | undefined> {
  const row = await authorizations.find(id)
  return row?.revokedAt === null && isEnded(row) ? authorizations.find(id) : row
}

/** In this order: whose token it is; whether the authorization lives; whether the token was replayed. */
function problemOf(
  authorization: Authorization,
  { seed, generation }: RefreshTokenParts,
  client: Client,
  { clock, isEnded }: BuiltInGrantContext,
): Refusal | undefined {
  const { id: authorizationId, seedHash, clientId, revokedAt, expiresAt } = authorization
  if (seedHash === null || !isEqualInConstantTime(seedHash, sha256(seed))) {
    return refuse(invalidGrant(`the seed is not that of authorization ${authorizationId}`), guessBy(client))
  }
  if (clientId !== client.id) return refuse(invalidGrant(`the refresh token was given to client ${clientId}`))
  if (revokedAt !== null || isEnded(authorization)) {
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
  const scopes = narrow(authorization, client, form.get('scope'), context)
  if (scopes === undefined) {
    return refuse(new OAuthError('invalid_scope', 'The scope exceeds what was authorized'))
  }
  if (!(await context.userDirectory.find(authorization))) {
    return refuse(invalidGrant(`user ${authorization.userId} is deleted or disabled`))
  }
  const standing = generationStatus(authorization, presented, context.clock.now())
  const rotates = client.type === 'public' || context.refresh?.rotation !== 'public'
  const generation = nextGeneration(authorization.generation, presented, standing, rotates)
  return { kind: 'refresh', client, authorization, seed, presented, generation, scopes, resources }
}

function nextGeneration(
  present: number,
  presented: number,
  standing: GenerationStatus,
  rotates: boolean,
): number {
  if (standing === 'repeated') return present
  return rotates ? presented + 1 : presented
}

/** What was authorized and still can be had, or the part of it that was asked for; undefined where more was asked for. */
function narrow(
  { scopes }: Authorization,
  client: Client,
  requested: string | undefined,
  context: BuiltInGrantContext,
): readonly string[] | undefined {
  const wanted = requested === undefined ? scopes : parseScope(requested)
  return firstUncovered(scopes, wanted) === undefined
    ? remainingScopes(context.scopes, wanted, client.scopes)
    : undefined
}

const invalidGrant = (detail: string): OAuthError =>
  new OAuthError('invalid_grant', 'The refresh token is invalid', { detail })
