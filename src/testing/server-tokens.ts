import { randomBytes } from 'node:crypto'
import type { UserLike } from '../administration/user.ts'
import type { Settings } from '../config/settings.ts'
import type { Services } from '../endpoints/services.ts'
import { ConfigError } from '../errors.ts'
import { createAccessToken, type AccessToken } from '../issuance/access-token.ts'
import { parseDuration, type Duration } from '../lib/duration.ts'
import { randomBase64url } from '../lib/hash.ts'
import type { JsonObject } from '../lib/json-value.ts'
import { findResource } from '../model/resource.ts'
import type { UserRef } from '../model/subject.ts'
import { toUserId } from '../users/provider.ts'
import type { TokenDetails } from './acting.ts'
import { clientIdOf, TEST_CLIENT, validateToken, type ClientLike } from './granted.ts'

/**
 * Why a token is rejected: it has expired, it was revoked, its signature is not the server's, or it is for another API
 * (`https://other.test`).
 */
export type InvalidToken = 'expired' | 'revoked' | 'forged' | 'other-audience'

/** Further details of an access token. */
export interface AccessTokenDetails {
  /** How long it is valid. Default: `accessTokenLifetime` of the configuration. */
  readonly lifetime?: Duration
  /** The resource that it is for. Default: `audience` of the configuration. */
  readonly resource?: string
  /** Makes it a token that guards reject with 401. Default: it is valid. */
  readonly invalid?: InvalidToken
}

/** What a token says. */
export interface TokenContent {
  readonly user?: UserRef & { readonly sessionId: string | null }
  readonly clientId: string
  readonly scopes: readonly string[]
  readonly resources: readonly string[]
  /** In milliseconds. */
  readonly lifetime: number
  readonly invalid: InvalidToken | undefined
  readonly claims: JsonObject
}

/** Returns what a token will say. Throws `ConfigError` with every problem. */
export function describeToken(
  settings: Settings,
  owner: { readonly user?: UserLike; readonly client?: ClientLike | undefined },
  scopes: readonly string[],
  {
    sessionId,
    claims = {},
    ...details
  }: Pick<TokenDetails, 'sessionId' | 'claims'> & AccessTokenDetails = {},
): TokenContent {
  const clientId = clientIdOf(owner.client ?? TEST_CLIENT)
  validateToken({ client: clientId, scopes, claims }, [...settings.scopes.defined])
  return {
    ...(owner.user !== undefined && {
      user: { ...toRef(settings, owner.user), sessionId: sessionId ?? null },
    }),
    clientId,
    scopes,
    resources: resourcesOf(settings, details.resource),
    lifetime: lifetimeOf(settings, details.lifetime),
    invalid: details.invalid,
    claims: claims as JsonObject,
  }
}

function toRef({ provider: main, providers }: Settings, user: UserLike): UserRef {
  const { id, provider = main } = typeof user === 'string' ? { id: user } : user
  if (!providers.includes(provider)) throw problem('user.provider', `must be ${providers.join(' or ')}`)
  return { provider, userId: toUserId({ id }, provider) }
}

function resourcesOf({ resources }: Settings, resource: string | undefined): readonly string[] {
  if (resource === undefined) return []
  const found = findResource(resources, resource)
  if (found === undefined) throw problem('resource', `must be ${resources.join(' or ')}`)
  return [found]
}

function lifetimeOf(settings: Settings, lifetime: Duration | undefined): number {
  const milliseconds = lifetime === undefined ? settings.accessTokenLifetime : parseDuration(lifetime)
  if (!milliseconds) throw problem('lifetime', "must be a duration such as '15m'")
  return milliseconds
}

const problem = (path: string, message: string): ConfigError => new ConfigError([{ path, message }])

/** Creates a real access token: signed, and with the current epochs. */
export async function createServerToken(services: Services, content: TokenContent): Promise<string> {
  const token = await sign(services, content)
  if (content.invalid === 'forged') return withOtherSignature(token)
  if (content.invalid === 'revoked') await revoke(services, token)
  return token.token
}

async function sign(
  { settings, keys, store, subjectOf }: Services,
  { user, clientId, scopes, resources, lifetime, invalid, claims }: TokenContent,
): Promise<AccessToken> {
  const age = invalid === 'expired' ? lifetime + 1000 : 0
  const clock = { now: () => settings.clock.now() - age }
  const audience = invalid === 'other-audience' ? 'https://other.test' : settings.audience
  const sub = user ? subjectOf(user) : clientId
  const epochs = await store.revocations.readEpochs(user ? sub : '', clientId)
  return createAccessToken(
    { issuer: settings.issuer, audience, keys, clock },
    {
      sub,
      clientId,
      scopes,
      resources,
      epochs,
      lifetime,
      claims,
      ...(user && { user: { ...user, authorizationId: randomBase64url(16) } }),
    },
  )
}

async function revoke({ revoker }: Services, { jti, expiresAt }: AccessToken): Promise<void> {
  await revoker.revoke({ kind: 'token', jti, expiresAt }, { by: 'app', reason: 'token_revoked' })
}

const withOtherSignature = ({ token }: AccessToken): string =>
  `${token.slice(0, token.lastIndexOf('.'))}.${randomBytes(64).toString('base64url')}`
