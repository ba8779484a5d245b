import { randomUUID } from 'node:crypto'
import { OAuthError } from '../../errors.ts'
import { toSeconds } from '../../lib/clock.ts'
import { json, NO_CONTENT, type HttpResponse } from '../../lib/http.ts'
import type { Client, ClientType } from '../../model/client.ts'
import { formatScope, thirdPartyRules } from '../../model/scope.ts'
import { isDeviceApp } from '../../user-apps/fields.ts'
import type { UserAppRefusal } from '../../user-apps/user-apps.ts'
import { readJson, readOptionalJson, type JsonBody } from '../body.ts'
import type { Exchange } from '../endpoint.ts'
import { idIn } from '../paths.ts'
import { report } from '../report.ts'
import type { Services } from '../services.ts'
import { readCurrentPassword, requireRecentSignIn } from '../account/recent-sign-in.ts'
import {
  csrfHeaders,
  loginRequired,
  requireCsrf,
  requireSignedInUser,
  type SignedInUser,
} from '../account/signed-in-user.ts'
import { errorsOf, readUserApp, type FieldErrors, type UserAppInput } from './api-fields.ts'
import { DEFAULT_OVERLAP, isOverlap, isSensitive, OVERLAP_PROBLEM, requestOf } from './changes.ts'

/** GET: lists the user's apps, newest first. */
export async function listUserApps(exchange: Exchange, provider: string): Promise<HttpResponse> {
  const signedIn = await requireSignedInUser(exchange, provider)
  const { services } = exchange
  const apps = await services.userApps.list(signedIn.session)
  return json(
    200,
    apps.map((app) => toWire(app, services)),
    csrfHeaders(exchange, signedIn),
  )
}

/** POST: registers an app of the signed-in user. Only this response contains the secret. */
export async function createUserApp(exchange: Exchange, provider: string): Promise<HttpResponse> {
  const signedIn = await requireSignedInUser(exchange, provider)
  requireCsrf(exchange, signedIn)
  const body = await readJson(exchange.request)
  const input = readUserApp(body)
  if (hasErrors(input.errors)) return invalid(exchange, input.errors)
  await requireRecentSignIn(exchange, signedIn, readCurrentPassword(body))
  const app = { ...input.fields, type: input.type ?? ('confidential' as const), id: randomUUID() }
  const outcome = await exchange.services.userApps.create(requestOf(exchange, signedIn), app)
  if (outcome.kind === 'invalid') return invalid(exchange, errorsOf(input, outcome.problems))
  if (outcome.kind !== 'created') throw refusalOf(exchange, outcome)
  return json(201, { ...toWire(outcome.app, exchange.services), ...secretMembers(outcome.secret) })
}

/** PUT: changes an app. Members that are left out stay as they are. Never makes a confidential app public. */
export async function updateUserApp(exchange: Exchange, provider: string): Promise<HttpResponse> {
  const signedIn = await requireSignedInUser(exchange, provider)
  requireCsrf(exchange, signedIn)
  const body = await readJson(exchange.request)
  const app = await requireApp(exchange, signedIn)
  const input = withUnchangedType(readUserApp(body), app.type, body)
  if (hasErrors(input.errors)) return invalid(exchange, input.errors)
  const password = readCurrentPassword(body)
  if (password !== undefined || isSensitive(input.fields, app))
    await requireRecentSignIn(exchange, signedIn, password)
  const outcome = await exchange.services.userApps.update(requestOf(exchange, signedIn), app.id, input.fields)
  if (outcome.kind === 'invalid') return invalid(exchange, errorsOf(input, outcome.problems))
  if (outcome.kind !== 'updated') throw appNotFound()
  return json(200, toWire(outcome.app, exchange.services))
}

/** DELETE: revokes an app, with every token that it has. */
export async function deleteUserApp(exchange: Exchange, provider: string): Promise<HttpResponse> {
  const signedIn = await requireSignedInUser(exchange, provider)
  requireCsrf(exchange, signedIn)
  const isDeleted = await exchange.services.userApps.delete(requestOf(exchange, signedIn), idIn(exchange))
  if (!isDeleted) throw appNotFound()
  return NO_CONTENT
}

/** POST: creates a new secret. Earlier ones work for another `overlap` seconds. Only this response contains the secret. */
export async function rotateUserAppSecret(exchange: Exchange, provider: string): Promise<HttpResponse> {
  const signedIn = await requireSignedInUser(exchange, provider)
  requireCsrf(exchange, signedIn)
  const body = await readOptionalJson(exchange.request)
  const app = await requireApp(exchange, signedIn)
  const { overlap = DEFAULT_OVERLAP } = Object.fromEntries(body)
  if (!isOverlap(overlap)) return invalid(exchange, { overlap: [`overlap ${OVERLAP_PROBLEM}`] })
  await requireRecentSignIn(exchange, signedIn, readCurrentPassword(body))
  const request = requestOf(exchange, signedIn)
  const outcome = await exchange.services.userApps.rotateSecret(request, app.id, overlap * 1000)
  if (outcome.kind === 'public') return invalid(exchange, {}, 'A public app has no secret')
  if (outcome.kind !== 'rotated') throw appNotFound()
  return json(200, {
    client_id: app.id,
    ...secretMembers(outcome.secret),
    old_secrets_expire_at: toSeconds(outcome.oldSecretsExpireAt),
  })
}

/** Creates the 404 for an app that does not exist, is deleted, or belongs to someone else. */
const appNotFound = (): OAuthError => new OAuthError('not_found', 'The app does not exist')

async function requireApp(exchange: Exchange, { session }: SignedInUser): Promise<Client> {
  const app = await exchange.services.userApps.find(session, idIn(exchange))
  if (app) return app
  throw appNotFound()
}

/** The type cannot change, so a request may only repeat it. */
function withUnchangedType(input: UserAppInput, current: ClientType, body: JsonBody): UserAppInput {
  if (input.type === undefined || input.type === current) return input
  const member = body.has('token_endpoint_auth_method') ? 'token_endpoint_auth_method' : 'confidential'
  return { ...input, errors: { ...input.errors, [member]: [`${member} cannot be changed`] } }
}

const hasErrors = (errors: FieldErrors): boolean => Object.keys(errors).length > 0

/** The error of RFC 7591 section 3.2.2, with the reasons by member, as clients of Laravel expect them. */
function invalid(
  exchange: Exchange,
  errors: FieldErrors,
  description = 'The app was not saved. See errors for the reasons',
): HttpResponse {
  const members = Object.keys(errors)
  const isAboutUris = members.length > 0 && members.every((member) => member.startsWith('redirect'))
  const code = isAboutUris ? 'invalid_redirect_uri' : 'invalid_client_metadata'
  const error = new OAuthError(code, description, { detail: summaryOf(errors) ?? description })
  report(exchange, error)
  return json(error.status, { ...error.toJSON(), errors })
}

const MAX_LOGGED = 5

/** For the log: the messages contain no values. */
function summaryOf(errors: FieldErrors): string | undefined {
  const messages = Object.values(errors).flat()
  return messages.length > 0 ? messages.slice(0, MAX_LOGGED).join('; ') : undefined
}

function refusalOf(exchange: Exchange, outcome: Exclude<UserAppRefusal, { kind: 'invalid' }>): OAuthError {
  switch (outcome.kind) {
    case 'signed-out':
      return loginRequired(exchange, 'signed out everywhere while the app was being registered')
    case 'throttled':
      return new OAuthError('too_many_requests', 'Too many apps were registered within a day', {
        headers: { 'Retry-After': '86400' },
      })
    case 'full':
    case 'repeated':
    default:
      return new OAuthError('limit_reached', 'The user has the maximum number of apps')
  }
}

/** `client_secret_expires_at` is required with a secret; 0 means never (RFC 7591 section 3.2.1). */
const secretMembers = (secret: string | undefined) =>
  secret === undefined ? {} : { client_secret: secret, client_secret_expires_at: 0 }

/** Times in seconds, names as in RFC 7591 section 2. */
const toWire = (app: Client, { settings }: Pick<Services, 'settings'>) => ({
  client_id: app.id,
  client_name: app.name,
  redirect_uris: app.redirectUris,
  grant_types: app.grantTypes,
  scope: formatScope(app.scopes ?? [...thirdPartyRules(settings.scopes).defined]),
  token_endpoint_auth_method: app.type === 'public' ? 'none' : 'client_secret_basic',
  confidential: app.type === 'confidential',
  device: isDeviceApp(app),
  logo_uri: app.logo,
  client_uri: app.homepage,
  policy_uri: app.privacy,
  tos_uri: app.terms,
  created_at: toSeconds(app.createdAt),
})
