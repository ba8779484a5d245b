import { OAuthError } from '../../errors.ts'
import type { Form } from '../../lib/form.ts'
import { hmac } from '../../lib/hash.ts'
import { redirect, type HttpResponse } from '../../lib/http.ts'
import type { Client } from '../../model/client.ts'
import { DEVICE_GRANT } from '../../model/device-code.ts'
import type { AppFormProblem } from '../../pages/developer-props.ts'
import { versionOf, type UserAppRefusal } from '../../user-apps/user-apps.ts'
import type { UserAppProblem } from '../../user-apps/fields.ts'
import { forgedForm, readForm, readQuery, requireParameter } from '../body.ts'
import type { Exchange } from '../endpoint.ts'
import { report } from '../report.ts'
import { redirectToSignIn } from '../return-to.ts'
import { appFieldsOf, readAppForm } from './developer-form.ts'
import {
  appSecretPage,
  deleteAppPage,
  developerAppsPage,
  developerPath,
  editAppPage,
  registerAppPage,
  rotateAppPage,
  type AppFormState,
} from './developer-pages.ts'
import {
  afterReauthentication,
  isReauthenticated,
  reauthenticate,
  reauthenticationProblem,
  signsInAtApp,
  type FormRefusal,
  type Reauthentication,
} from './reauthentication.ts'
import { findSignedInUser, type SignedInUser } from './signed-in-user.ts'
import { isOverlap, isSensitive, requestOf } from './user-apps-api.ts'

/**
 * GET: the user's apps. With `new`, the form for a new one; with `app=<id>`, the page of one; with `rotate=<id>` and
 * `delete=<id>`, asks before generating a secret or deleting it. `deleted=<id>` and `saved=<version>` say that it was done.
 */
export async function showDeveloper(exchange: Exchange, provider: string): Promise<HttpResponse> {
  const query = readQuery(exchange.request)
  const signedIn = await findSignedInUser(exchange, provider)
  if (!signedIn) return askToSignIn(exchange, provider, queryOf(query))
  if (query.get('new') !== undefined) return registerAppPage(exchange, signedIn, 200)
  const id = query.get('app') ?? query.get('rotate') ?? query.get('delete')
  if (id === undefined)
    return developerAppsPage(exchange, signedIn, await deletedIn(exchange, signedIn, query))
  const app = await exchange.services.userApps.find(signedIn.session, id)
  if (!app) return gone(exchange, signedIn)
  if (query.get('rotate') !== undefined && app.type === 'confidential')
    return rotateAppPage(exchange, signedIn, app)
  if (query.get('delete') !== undefined) return deleteAppPage(exchange, signedIn, app)
  return editAppPage(exchange, signedIn, app, 200, { isSaved: query.get('saved') === versionOf(app) })
}

/** Where a guest returns to after the sign-in. */
const queryOf = (query: Form): Readonly<Record<string, string>> =>
  Object.fromEntries(
    ['new', 'app', 'rotate', 'delete'].flatMap((name) => {
      const value = query.get(name)
      return value === undefined ? [] : [[name, value.slice(0, 255)]]
    }),
  )

/** The name comes from the database, so that a link cannot make the page say what did not happen. */
async function deletedIn({ services }: Exchange, { session }: SignedInUser, query: Form) {
  const id = query.get('deleted')
  const app = id === undefined ? undefined : await services.userApps.findDeleted(session, id)
  return app ? { deleted: app.name } : {}
}

/** POST: what `intent` says: registers an app, saves it, generates a secret, or deletes it. */
export async function postDeveloper(exchange: Exchange, provider: string): Promise<HttpResponse> {
  const { services, request } = exchange
  const form = await readForm(request)
  const signedIn = await findSignedInUser(exchange, provider)
  if (!signedIn) return askToSignIn(exchange, provider)
  if (!services.csrf.isValid(exchange, signedIn.session, form.get('csrf'))) throw forgedForm()
  const act = ACTIONS[requireParameter(form, 'intent')]
  if (!act) throw new OAuthError('invalid_request', 'The intent is unknown')
  return act(exchange, signedIn, form)
}

type Action = (exchange: Exchange, signedIn: SignedInUser, form: Form) => Promise<HttpResponse>

const ACTIONS: Readonly<Record<string, Action | undefined>> = Object.assign(Object.create(null) as object, {
  register,
  save,
  rotate,
  delete: remove,
})

/** The response itself shows the secret: a redirect would have to carry it. */
async function register(exchange: Exchange, signedIn: SignedInUser, form: Form): Promise<HttpResponse> {
  const values = readAppForm(form)
  const isPublic = form.get('type') === 'public'
  const show = (user: SignedInUser, status: number, state: AppFormState): Promise<HttpResponse> =>
    registerAppPage(exchange, user, status, { ...state, values, isPublic })
  return withRecentSignIn(exchange, signedIn, form, { query: { new: 'app' }, show }, async (user) => {
    const id = appIdOf(exchange, signedIn, form)
    const app = {
      ...appFieldsOf(values, hasDeviceFlow(exchange)),
      type: isPublic ? 'public' : 'confidential',
      id,
    } as const
    const outcome = await exchange.services.userApps.create(requestOf(exchange, user), app)
    if (outcome.kind === 'repeated') {
      reportRefusal(exchange, 'limit_reached', 422, outcome.kind)
      return editAppPage(exchange, user, outcome.app, 422, { problem: { kind: 'repeated' } })
    }
    if (outcome.kind !== 'created') return refuse(exchange, outcome, (...state) => show(user, ...state))
    if (outcome.secret !== undefined) return appSecretPage(exchange, user, outcome.app, outcome.secret)
    return redirect(developerPath(exchange, user.session, { app: outcome.app.id }))
  })
}

/** One form registers one app, however often it is posted: after a reload, a double click or a restored tab. */
function appIdOf({ services }: Exchange, { session }: SignedInUser, form: Form): string {
  const text = `${session.id}.${requireParameter(form, 'nonce')}`
  const hex = Buffer.from(hmac(services.derived.key('user-app'), text), 'base64url').toString('hex')
  // A UUID of version 8 (RFC 9562 section 5.8), whose bits are ours to choose.
  const variant = ((Number.parseInt(hex.charAt(16), 16) & 3) | 8).toString(16)
  return [
    hex.slice(0, 8),
    hex.slice(8, 12),
    `8${hex.slice(13, 16)}`,
    variant + hex.slice(17, 20),
    hex.slice(20, 32),
  ].join('-')
}

type Show = (status: number, state: AppFormState) => Promise<HttpResponse>

function refuse(
  exchange: Exchange,
  outcome: Exclude<UserAppRefusal, { kind: 'repeated' }>,
  show: Show,
): Promise<HttpResponse> {
  switch (outcome.kind) {
    case 'invalid':
      return refuseFields(exchange, outcome.problems, show)
    case 'throttled':
      reportRefusal(exchange, 'too_many_requests', 429, outcome.kind)
      return show(429, {
        problem: { kind: 'throttled', seconds: DAY },
        headers: { 'Retry-After': String(DAY) },
      })
    case 'full':
    default:
      reportRefusal(exchange, 'limit_reached', 422, outcome.kind)
      return show(422, { problem: { kind: 'full' } })
  }
}

const DAY = 86_400
const MAX_LOGGED = 5

function refuseFields(
  exchange: Exchange,
  problems: readonly UserAppProblem[],
  show: Show,
): Promise<HttpResponse> {
  const detail = problems.slice(0, MAX_LOGGED).map(({ field, message }) => `${field} ${message}`)
  reportRefusal(exchange, 'invalid_client_metadata', 422, detail.join('; '))
  return show(422, { problem: { kind: 'invalid' }, problems })
}

const reportRefusal = (
  exchange: Exchange,
  code: 'limit_reached' | 'too_many_requests' | 'invalid_client_metadata' | 'invalid_request',
  status: number,
  detail: string,
): void => report(exchange, new OAuthError(code, 'The app was not changed', { status, detail }))

/** Redirects, so that a reload does not save again. */
async function save(exchange: Exchange, signedIn: SignedInUser, form: Form): Promise<HttpResponse> {
  const { userApps } = exchange.services
  const app = await findApp(exchange, signedIn, form)
  if (!app) return gone(exchange, signedIn)
  const values = readAppForm(form)
  const fields = appFieldsOf(values, hasDeviceFlow(exchange))
  const show = (user: SignedInUser, status: number, state: AppFormState): Promise<HttpResponse> =>
    editAppPage(exchange, user, app, status, { ...state, values })
  const act = async (user: SignedInUser): Promise<HttpResponse> => {
    const version = requireParameter(form, 'version')
    const outcome = await userApps.update(requestOf(exchange, user), app.id, fields, version)
    if (outcome.kind === 'unknown') return gone(exchange, user)
    if (outcome.kind === 'invalid')
      return refuseFields(exchange, outcome.problems, (...state) => show(user, ...state))
    if (outcome.kind === 'updated')
      return redirect(developerPath(exchange, user.session, { app: app.id, saved: versionOf(outcome.app) }))
    reportRefusal(exchange, 'invalid_request', 409, outcome.kind)
    return show(user, 409, { problem: { kind: 'changed' } })
  }
  const isConfirmed = form.get('current_password') !== undefined
  if (!isConfirmed && !isSensitive(fields, app)) return act(signedIn)
  return withRecentSignIn(exchange, signedIn, form, { query: { app: app.id }, show }, act)
}

async function rotate(exchange: Exchange, signedIn: SignedInUser, form: Form): Promise<HttpResponse> {
  const app = await findApp(exchange, signedIn, form)
  if (!app) return gone(exchange, signedIn)
  const overlap = Number(form.get('overlap'))
  if (!isOverlap(overlap)) throw new OAuthError('invalid_request', 'The overlap is invalid')
  const show = (user: SignedInUser, status: number, { problem, headers }: AppFormState) =>
    rotateAppPage(exchange, user, app, status, {
      overlap,
      ...(problem && { problem }),
      ...(headers && { headers }),
    })
  return withRecentSignIn(exchange, signedIn, form, { query: { rotate: app.id }, show }, async (user) => {
    const request = requestOf(exchange, user)
    const version = requireParameter(form, 'version')
    const outcome = await exchange.services.userApps.rotateSecret(request, app.id, overlap * 1000, version)
    if (outcome.kind === 'rotated') return appSecretPage(exchange, user, outcome.app, outcome.secret)
    if (outcome.kind !== 'changed') return gone(exchange, user)
    reportRefusal(exchange, 'invalid_request', 409, outcome.kind)
    return editAppPage(exchange, user, app, 409, { problem: { kind: 'secretChanged' } })
  })
}

/** Repeating it is harmless. */
async function remove(exchange: Exchange, signedIn: SignedInUser, form: Form): Promise<HttpResponse> {
  const id = requireParameter(form, 'app')
  const { userApps } = exchange.services
  const isDeleted = await userApps.delete(requestOf(exchange, signedIn), id)
  if (!isDeleted && !(await userApps.findDeleted(signedIn.session, id))) return gone(exchange, signedIn)
  return redirect(developerPath(exchange, signedIn.session, { deleted: id }))
}

const hasDeviceFlow = ({ services }: Exchange): boolean => services.settings.grants.has(DEVICE_GRANT)

const findApp = (
  { services }: Exchange,
  { session }: SignedInUser,
  form: Form,
): Promise<Client | undefined> => services.userApps.find(session, requireParameter(form, 'app'))

/** The app was deleted in another window, or never belonged to the user. */
function gone(exchange: Exchange, signedIn: SignedInUser): Promise<HttpResponse> {
  report(exchange, new OAuthError('not_found', 'The app does not exist'))
  return developerAppsPage(exchange, signedIn, { isGone: true })
}

/** How a form that needs a recent sign-in is shown again. */
interface SensitiveForm {
  /** Where users return to who sign in again at your app. */
  readonly query: Readonly<Record<string, string>>
  readonly show: (user: SignedInUser, status: number, state: AppFormState) => Promise<HttpResponse>
}

/** Runs an action if the user signed in or entered their password recently. Otherwise asks them to. */
async function withRecentSignIn(
  exchange: Exchange,
  signedIn: SignedInUser,
  form: Form,
  { query, show }: SensitiveForm,
  act: (user: SignedInUser) => Promise<HttpResponse>,
): Promise<HttpResponse> {
  const { provider } = signedIn.session
  const isAtApp = signsInAtApp(exchange.services.settings, signedIn.session)
  const check: Reauthentication = await reauthenticate(
    exchange,
    signedIn,
    isAtApp ? undefined : form.get('current_password'),
  )
  if (check.kind === 'ended') return askToSignIn(exchange, provider, query)
  if (check.kind === 'required' && isAtApp) return askToSignIn(exchange, provider, query, true)
  if (isReauthenticated(check)) return act(afterReauthentication(exchange, signedIn, check))
  const [status, headers] = check.kind === 'blocked' ? [429, check.blocked.headers] : [422, {}]
  reportRefusal(
    exchange,
    check.kind === 'blocked' ? 'too_many_requests' : 'invalid_request',
    status,
    check.kind,
  )
  return show(signedIn, status, { problem: problemOf(check), headers })
}

const problemOf = (refusal: FormRefusal): AppFormProblem => reauthenticationProblem(refusal)

async function askToSignIn(
  exchange: Exchange,
  provider: string,
  query: Readonly<Record<string, string>> = {},
  isForced = false,
): Promise<HttpResponse> {
  const returnTo = developerPath(exchange, { provider }, query)
  return redirectToSignIn(exchange, provider, { returnTo, isForced })
}
