import { OAuthError } from '../errors.ts'
import type { RefreshPolicy } from '../issuance/context.ts'
import type { Permission } from '../issuance/permission.ts'
import type { RefreshTokenParts } from '../keys/refresh-token.ts'
import type { Duration } from '../lib/duration.ts'
import { isEqualInConstantTime, sha256 } from '../lib/hash.ts'
import { generationStatus, type Authorization } from '../model/authorization.ts'
import { SIGN_IN, type Client } from '../model/client.ts'
import { coversScope, parseScope, remainingScopes } from '../model/scope.ts'
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
  /** How long the access token of a refresh is valid. Default: the server's `accessTokenLifetime`. */
  readonly accessTokenLifetime?: Duration
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
    return decideRefresh(token, request, context, invalidGrant)
  },
})

/** Why a refresh token is not accepted. */
export type RefreshProblem = 'invalid' | 'expired' | 'revoked'

/** Creates the error for a refresh token that is not accepted. `detail` is for the log. */
export type RefreshErrorFactory = (detail: string, problem: RefreshProblem) => OAuthError

/** Decides whether a client may refresh, by the same rules at every endpoint. Each endpoint has its own error. */
export async function decideRefresh(
  token: string,
  request: GrantRequest,
  context: BuiltInGrantContext,
  toError: RefreshErrorFactory,
): Promise<Permission | Refusal> {
  // A forged token is refused here, without a query.
  const parts = await readRefreshToken(context, token, request.client.id)
  if (!parts)
    return refuse(toError('the refresh token is malformed or was signed by another server', 'invalid'), {
      isGuess: canBeGuess(request.client),
    })
  if (canSkipReading(request, context)) return permitUnread(parts, request, context)
  const authorization = await findAuthorization(context, parts.authorizationId)
  if (!authorization) return refuse(toError(`no authorization ${parts.authorizationId}`, 'invalid'))
  return (
    problemOf(authorization, parts, request.client, context, toError) ??
    permit(authorization, parts, request, context, toError)
  )
}

/**
 * Returns the parts of a refresh token of this issuer, or of an imported one. Those were never issued by the sign-in API,
 * whose callers are not authenticated.
 */
export async function readRefreshToken(
  context: Pick<BuiltInGrantContext, 'refreshTokens' | 'importedRefreshTokens'>,
  token: string,
  clientId: string,
): Promise<RefreshTokenParts | undefined> {
  const parts = await context.refreshTokens.read(token)
  return parts || clientId === SIGN_IN ? parts : context.importedRefreshTokens.parse(token)
}

/** A request for less than was authorized could be refused, and must not rotate the token then. */
const canSkipReading = (
  { client, form }: GrantRequest,
  { providerCheckedByStore }: BuiltInGrantContext,
): boolean =>
  client.provider === providerCheckedByStore &&
  form.get('scope') === undefined &&
  form.getAll('resource').length === 0

/** Permits what the usual token is good for. If the update finds that it is not the current one, this is decided again. */
const permitUnread = (
  token: RefreshTokenParts,
  { client }: GrantRequest,
  context: BuiltInGrantContext,
): Permission => ({
  kind: 'refresh',
  client,
  token,
  authorization: undefined,
  generation: nextGeneration(token, client, context),
  scopes: undefined,
  resources: [],
})

const nextGeneration = (
  { generation }: RefreshTokenParts,
  { type }: Client,
  { refresh }: BuiltInGrantContext,
): number => (type === 'public' || refresh?.rotation !== 'public' ? generation + 1 : generation)

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
  { clock, nodeId, isRevoked }: BuiltInGrantContext,
  toError: RefreshErrorFactory,
): Refusal | undefined {
  const { id: authorizationId, seedHash, clientId, revokedAt, expiresAt } = authorization
  if (seedHash === null || !isEqualInConstantTime(seedHash, sha256(seed))) {
    return refuse(toError(`the seed does not match authorization ${authorizationId}`, 'invalid'), {
      isGuess: canBeGuess(client),
    })
  }
  if (clientId !== client.id)
    return refuse(toError(`the refresh token was issued to client ${clientId}`, 'invalid'))
  if (revokedAt !== null || isRevoked(authorization)) {
    return refuse(toError(`authorization ${authorizationId} was revoked`, 'revoked'))
  }
  const now = clock.now()
  if (expiresAt <= now) return refuse(toError('the refresh token has expired', 'expired'))
  if (generationStatus(authorization, generation, { now, nodeId }) !== 'replayed') return undefined
  const detail = `generation ${generation} of authorization ${authorizationId} was replayed`
  return refuse(toError(detail, 'revoked'), { replay: { credential: 'refresh_token', authorizationId } })
}

async function permit(
  authorization: Authorization,
  token: RefreshTokenParts,
  { client, form }: GrantRequest,
  context: BuiltInGrantContext,
  toError: RefreshErrorFactory,
): Promise<Permission | Refusal> {
  const resources = narrowResources(context, authorization.resources, form.getAll('resource'))
  const scopes = narrowScopes(authorization, client, form.get('scope'), context)
  if (scopes === undefined) {
    return refuse(new OAuthError('invalid_scope', 'The scope exceeds what was authorized'))
  }
  if (!(await context.userDirectory.find(authorization))) {
    return refuse(toError(`user ${authorization.userId} is deleted or disabled`, 'revoked'))
  }
  const { clock, nodeId } = context
  const status = generationStatus(authorization, token.generation, { now: clock.now(), nodeId })
  const generation = status === 'repeated' ? authorization.generation : nextGeneration(token, client, context)
  return { kind: 'refresh', client, token, authorization, generation, scopes, resources }
}

/** Returns the requested scopes that are still available, or undefined if more was requested than authorized. */
function narrowScopes(
  { scopes }: Authorization,
  client: Client,
  requested: string | undefined,
  { scopes: rules }: BuiltInGrantContext,
): readonly string[] | undefined {
  const narrowed = requested === undefined ? scopes : parseScope(requested)
  const isAuthorized = (scope: string): boolean =>
    scopes.includes(scope) || (rules.defined.has(scope) && coversScope(rules, scopes, scope))
  return narrowed.every(isAuthorized) ? remainingScopes(rules, narrowed, client.scopes) : undefined
}

const invalidGrant = (detail: string): OAuthError =>
  new OAuthError('invalid_grant', 'The refresh token is invalid', { detail })
