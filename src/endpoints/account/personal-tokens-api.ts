import { OAuthError } from '../../errors.ts'
import { toSeconds } from '../../lib/clock.ts'
import { json, NO_CONTENT, type HttpResponse } from '../../lib/http.ts'
import {
  summarizeProblems,
  type PersonalTokenParams,
  type PersonalTokenProblem,
} from '../../personal-tokens/params.ts'
import {
  MAX_PERSONAL_TOKENS,
  type PersonalToken,
  type PersonalTokenRefusal,
} from '../../personal-tokens/personal-tokens.ts'
import { readJson, type JsonBody } from '../body.ts'
import type { Exchange } from '../endpoint.ts'
import { idIn } from '../paths.ts'
import { readCurrentPassword, requireRecentSignIn, unprocessable } from './recent-sign-in.ts'
import {
  createForSignedInUser,
  csrfHeaders,
  loginRequired,
  requireCsrf,
  requireSignedInUser,
} from './signed-in-user.ts'

/** GET: lists the user's valid tokens, newest first. */
export async function listPersonalTokens(exchange: Exchange, provider: string): Promise<HttpResponse> {
  const signedIn = await requireSignedInUser(exchange, provider)
  const tokens = await exchange.services.personalTokens.list(signedIn.session)
  return json(200, tokens.map(toWire), csrfHeaders(exchange, signedIn))
}

/**
 * POST: creates a token for the signed-in user, whatever else the body says. Needs `current_password` if the sign-in is
 * old. Only this response contains the token.
 */
export async function createPersonalToken(exchange: Exchange, provider: string): Promise<HttpResponse> {
  const signedIn = await requireSignedInUser(exchange, provider)
  requireCsrf(exchange, signedIn)
  const body = await readJson(exchange.request)
  const params = readParams(body)
  await requireRecentSignIn(exchange, signedIn, readCurrentPassword(body))
  const outcome = await createForSignedInUser(exchange, signedIn, params)
  if (outcome.kind !== 'created') throw refusalOf(exchange, outcome)
  return json(201, { ...outcome.response, token: toWire(outcome.token) })
}

/** DELETE: revokes one of the user's tokens. Repeating it is harmless as long as the token is stored. */
export async function deletePersonalToken(exchange: Exchange, provider: string): Promise<HttpResponse> {
  const signedIn = await requireSignedInUser(exchange, provider)
  requireCsrf(exchange, signedIn)
  const { services, requestId } = exchange
  const by = { owner: signedIn.session, requestId }
  if (await services.personalTokens.revoke(idIn(exchange), by)) return NO_CONTENT
  throw tokenNotFound()
}

/** Creates the 404 for a token that does not exist or belongs to another user. */
export const tokenNotFound = (): OAuthError =>
  new OAuthError('not_found', 'The personal access token does not exist')

/** Times in seconds, as everywhere on the wire. */
const toWire = ({ id, name, scopes, createdAt, lastUsedAt, expiresAt }: PersonalToken) => ({
  id,
  name,
  scopes,
  created_at: toSeconds(createdAt),
  last_used_at: lastUsedAt === null ? null : toSeconds(lastUsedAt),
  expires_at: toSeconds(expiresAt),
})

function readParams(body: JsonBody): PersonalTokenParams {
  const [name, scopes, seconds] = ['name', 'scopes', 'expires_in'].map((member) => body.get(member))
  if (typeof name !== 'string') throw unprocessable('name must be a string')
  if (scopes !== undefined && !isStrings(scopes)) throw unprocessable('scopes must be an array of strings')
  if (seconds !== undefined && !Number.isSafeInteger(seconds))
    throw unprocessable('expires_in must be a whole number of seconds')
  return { name, scopes, lifetime: seconds === undefined ? undefined : Number(seconds) * 1000 }
}

const isStrings = (value: unknown): value is readonly string[] =>
  Array.isArray(value) && value.every((each) => typeof each === 'string')

function refusalOf(exchange: Exchange, outcome: PersonalTokenRefusal): OAuthError {
  switch (outcome.kind) {
    case 'invalid':
      return invalid(outcome.problems)
    case 'throttled':
      return new OAuthError('too_many_requests', 'Too many personal access tokens within a day', {
        headers: outcome.blocked.headers,
      })
    case 'full':
      return unprocessable(`A user can have at most ${MAX_PERSONAL_TOKENS} personal access tokens`)
    case 'repeated':
    case 'signed-out':
    default:
      return loginRequired(exchange, 'signed out everywhere while the token was being created')
  }
}

const DESCRIPTIONS = {
  name: 'name must be 1 to 255 characters without control characters',
  scopes: 'A scope is not defined',
  expiresIn: 'expires_in must be a number of seconds from 1 to the maximum lifetime',
} as const

function invalid(problems: readonly PersonalTokenProblem[]): OAuthError {
  const field = problems[0]?.field ?? 'name'
  const options = { status: 422, detail: summarizeProblems(problems) }
  return new OAuthError(
    field === 'scopes' ? 'invalid_scope' : 'invalid_request',
    DESCRIPTIONS[field],
    options,
  )
}
