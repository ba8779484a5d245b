import { OAuthError } from '../errors.ts'
import type { Permission } from '../issuance/permission.ts'
import type { Duration } from '../lib/duration.ts'
import { sha256 } from '../lib/hash.ts'
import type { Client } from '../model/client.ts'
import type { AuthorizationCode } from '../model/code.ts'
import { isCodeVerifier, matchesChallenge } from '../model/pkce.ts'
import { remainingScopes } from '../model/scope.ts'
import {
  canBeGuess,
  refuse,
  type BuiltInGrant,
  type BuiltInGrantContext,
  type GrantRequest,
  type Refusal,
} from './grant.ts'
import { narrowResources } from './resources.ts'

/** Options of the authorization code grant. */
export interface AuthorizationCodeOptions {
  /** How long a code is valid. Default: 60 seconds. */
  readonly codeLifetime?: Duration
  /**
   * How long the first access token is valid. `refreshToken()` has an option of its own for the next ones. Default: the
   * server's `accessTokenLifetime`.
   */
  readonly accessTokenLifetime?: Duration
}

/** The authorization code grant. */
export interface AuthorizationCodeGrant extends BuiltInGrant {
  readonly type: 'authorization_code'
  readonly options: AuthorizationCodeOptions
}

/** Creates the authorization code grant (RFC 6749 section 4.1), with PKCE (RFC 7636): the user consents in a browser. */
export const authorizationCode = (options: AuthorizationCodeOptions = {}): AuthorizationCodeGrant => ({
  type: 'authorization_code',
  options,
  async decide(request, context) {
    const code = request.form.get('code')
    if (code === undefined) return refuse(new OAuthError('invalid_request', 'The parameter code is missing'))
    const found = await context.store.codes.find(sha256(code))
    if (!found) return refuse(invalidGrant('no such code'), { isGuess: canBeGuess(request.client) })
    return problemOf(found, request, context) ?? (await permit(found, request, context))
  },
})

async function permit(
  code: AuthorizationCode,
  { client, form }: GrantRequest,
  context: BuiltInGrantContext,
): Promise<Permission | Refusal> {
  const { provider, userId, authorizationId, epochs } = code
  const tokenResources = narrowResources(context, code.resources, form.getAll('resource'))
  const userMustExist = provider === context.providerCheckedByStore
  if (!userMustExist && !(await context.userDirectory.find(code)))
    return refuse(invalidGrant(`user ${userId} is deleted or disabled`))
  const sessionId = code.endsWithSession ? code.sessionId : null
  const user = { provider, userId }
  return {
    kind: 'authorization',
    client,
    user,
    authorizationId,
    sessionId,
    // Leaves out scopes that are no longer defined, or that the client may no longer have, as a refresh does.
    scopes: remainingScopes(context.scopes, code.scopes, client.scopes),
    resources: code.resources,
    tokenResources,
    epochs,
    redeems: { kind: 'code', hash: code.hash, userMustExist },
  }
}

/** Checks whose code it is first: another client's request must have no effect on it. */
function problemOf(
  code: AuthorizationCode,
  { client, form }: GrantRequest,
  { clock }: BuiltInGrantContext,
): Refusal | undefined {
  if (code.clientId !== client.id) {
    return refuse(invalidGrant(`the code was issued to client ${code.clientId}`), {
      isGuess: canBeGuess(client),
    })
  }
  if (code.spentAt !== null) {
    const replay = { credential: 'code', authorizationId: code.authorizationId } as const
    return refuse(invalidGrant('the code was used before'), { replay })
  }
  if (code.voidedAt !== null) return refuse(invalidGrant('the code was revoked'))
  if (code.expiresAt <= clock.now()) return refuse(invalidGrant('the code has expired'))
  return (
    redirectProblem(code, form.get('redirect_uri')) ?? pkceProblem(code, client, form.get('code_verifier'))
  )
}

/** If the authorization request named a redirect URI, the exchange must name the same one (RFC 6749 section 4.1.3). */
function redirectProblem(code: AuthorizationCode, redirectUri: string | undefined): Refusal | undefined {
  if (redirectUri === undefined && !code.isRedirectUriRequired) return undefined
  if (redirectUri === code.redirectUri) return undefined
  if (redirectUri === undefined) {
    return refuse(new OAuthError('invalid_request', 'The parameter redirect_uri is missing'))
  }
  return refuse(invalidGrant('the redirect URI differs from the one in the authorization request'))
}

/** A verifier without a challenge indicates a downgrade attack (RFC 9700 section 2.1.1). A wrong verifier spends the code. */
function pkceProblem(
  { codeChallenge, hash }: AuthorizationCode,
  client: Client,
  verifier: string | undefined,
): Refusal | undefined {
  if (codeChallenge === null) {
    if (verifier === undefined) return undefined
    return refuse(
      new OAuthError(
        'invalid_request',
        'A code_verifier was sent, but the authorization request had no code_challenge',
      ),
    )
  }
  if (verifier === undefined) {
    return refuse(new OAuthError('invalid_request', 'The parameter code_verifier is missing'))
  }
  if (!isCodeVerifier(verifier)) {
    return refuse(
      new OAuthError('invalid_request', 'The code_verifier must be 43 to 128 unreserved characters'),
    )
  }
  if (matchesChallenge(verifier, codeChallenge)) return undefined
  return refuse(invalidGrant('the code_verifier does not match the code_challenge'), {
    spentCode: hash,
    isGuess: canBeGuess(client),
  })
}

const invalidGrant = (detail: string): OAuthError =>
  new OAuthError('invalid_grant', 'The code is invalid', { detail })
