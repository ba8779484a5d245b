import { OAuthError } from '../../errors.ts'
import { toSeconds } from '../../lib/clock.ts'
import { json, type HttpResponse } from '../../lib/http.ts'
import {
  MAX_PERSONAL_TOKENS,
  type PersonalToken,
  type PersonalTokenRefusal,
} from '../../personal-tokens/personal-tokens.ts'
import {
  summarizeProblems,
  type PersonalTokenParams,
  type PersonalTokenProblem,
} from '../../personal-tokens/params.ts'
import type { Exchange } from '../endpoint.ts'
import { idIn } from '../paths.ts'
import { readJson, type JsonBody } from '../body.ts'
import {
  createForSignedInUser,
  csrfHeaders,
  loginRequired,
  requireCsrf,
  requireSignedInUser,
} from './signed-in-user.ts'

/** GET: the person's tokens that live, newest first. */
export async function listPersonalTokens(exchange: Exchange, provider: string): Promise<HttpResponse> {
  const visitor = await requireSignedInUser(exchange, provider)
  const tokens = await exchange.services.personalTokens.list(visitor.session)
  return json(200, tokens.map(toWire), csrfHeaders(exchange, visitor))
}

/** POST: makes one, and tells it this once. Whoever is signed in is whose it is, whatever the body says besides. */
export async function createPersonalToken(exchange: Exchange, provider: string): Promise<HttpResponse> {
  const visitor = await requireSignedInUser(exchange, provider)
  requireCsrf(exchange, visitor)
  const wish = wishIn(await readJson(exchange.request))
  const outcome = await createForSignedInUser(exchange, visitor, wish)
  if (outcome.kind !== 'made') throw refusalOf(exchange, outcome)
  return json(201, { ...outcome.response, token: toWire(outcome.token) })
}

/** DELETE: ends one of the person's own. Doing it again is harmless, as long as the token is remembered. */
export async function deletePersonalToken(exchange: Exchange, provider: string): Promise<HttpResponse> {
  const visitor = await requireSignedInUser(exchange, provider)
  requireCsrf(exchange, visitor)
  const { services, request, requestId } = exchange
  const by = { owner: visitor.session, requestId }
  if (await services.personalTokens.revoke(idIn(request.path), by))
    return { status: 204, headers: {}, body: '' }
  throw new OAuthError('not_found', 'There is no such personal access token')
}

/** Times in seconds, as everywhere on the wire. */
const toWire = ({ id, name, scopes, createdAt, lastUsedAt, expiresAt }: PersonalToken) => ({
  id,
  name,
  scopes,
  created_at: toSeconds(createdAt),
  last_used_at: lastUsedAt === null ? null : toSeconds(lastUsedAt),
  expires_at: toSeconds(expiresAt),
})

function wishIn(body: JsonBody): PersonalTokenParams {
  const [name, scopes, seconds] = ['name', 'scopes', 'expires_in'].map((member) => body.get(member))
  if (typeof name !== 'string') throw unprocessable('name must be a text')
  if (scopes !== undefined && !isTexts(scopes)) throw unprocessable('scopes must be a list of texts')
  if (seconds !== undefined && !Number.isSafeInteger(seconds))
    throw unprocessable('expires_in must be a whole number of seconds')
  return { name, scopes, lifetime: seconds === undefined ? undefined : Number(seconds) * 1000 }
}

const isTexts = (value: unknown): value is readonly string[] =>
  Array.isArray(value) && value.every((one) => typeof one === 'string')

const unprocessable = (description: string, detail = description): OAuthError =>
  new OAuthError('invalid_request', description, { status: 422, detail })

function refusalOf(exchange: Exchange, outcome: PersonalTokenRefusal): OAuthError {
  switch (outcome.kind) {
    case 'wrong':
      return wrong(outcome.problems)
    case 'throttled':
      return new OAuthError('too_many_requests', 'Too many personal access tokens within a day', {
        headers: outcome.blocked.headers,
      })
    case 'full':
      return unprocessable(
        `Nobody may have more than ${MAX_PERSONAL_TOKENS} personal access tokens: revoke one`,
      )
    case 'repeated':
    case 'ended':
    default:
      return loginRequired(exchange, 'signed out everywhere while the token was being made')
  }
}

const DESCRIPTIONS = {
  name: 'name must be 1 to 255 characters without control characters',
  scopes: 'A scope is not defined',
  expiresIn: 'expires_in must be a number of seconds from 1 to the maximum lifetime',
} as const

function wrong(problems: readonly PersonalTokenProblem[]): OAuthError {
  const field = problems[0]?.field ?? 'name'
  const options = { status: 422, detail: summarizeProblems(problems) }
  return new OAuthError(
    field === 'scopes' ? 'invalid_scope' : 'invalid_request',
    DESCRIPTIONS[field],
    options,
  )
}
