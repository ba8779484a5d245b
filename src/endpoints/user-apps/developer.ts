import { OAuthError } from '../../errors.ts'
import type { Form } from '../../lib/form.ts'
import { hmac, toUuid } from '../../lib/hash.ts'
import { redirect, type HttpResponse } from '../../lib/http.ts'
import type { Client } from '../../model/client.ts'
import { DEVICE_GRANT } from '../../model/device-code.ts'
import { versionOf } from '../../user-apps/user-apps.ts'
import { findSignedInUser, type SignedInUser } from '../account/signed-in-user.ts'
import { forgedForm, readForm, readQuery, requireParameter } from '../body.ts'
import type { Exchange } from '../endpoint.ts'
import { report } from '../report.ts'
import { isOverlap, isSensitive, requestOf } from './changes.ts'
import { appFieldsOf, readAppForm } from './developer-form.ts'
import {
  appSecretPage,
  deleteAppPage,
  developerAppsPage,
  developerPath,
  editAppPage,
  newAppPage,
  registerAppPage,
  rotateAppPage,
  type AppFormState,
} from './developer-pages.ts'
import { refuseFields, refuseRegistration, reportRefusal } from './developer-refusals.ts'
import { askToSignIn, withRecentSignIn } from './developer-sign-in.ts'

/**
 * GET: the user's apps. With `new`, the form for a new one; with `app=<id>`, the page of one; with `rotate=<id>` and
 * `delete=<id>`, asks before generating a secret or deleting it. `deleted=<id>` and `saved=<version>` say that it was done.
 */
export async function showDeveloper(exchange: Exchange, provider: string): Promise<HttpResponse> {
  const query = readQuery(exchange.request)
  const signedIn = await findSignedInUser(exchange, provider)
  if (!signedIn) return askToSignIn(exchange, provider, queryOf(query))
  if (query.get('new') !== undefined) return newAppPage(exchange, signedIn)
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
    if (outcome.kind === 'signed-out') return askToSignIn(exchange, user.session.provider, { new: 'app' })
    if (outcome.kind === 'repeated') {
      if (outcome.app.revokedAt !== null) return gone(exchange, user)
      reportRefusal(exchange, 'limit_reached', 422, outcome.kind)
      return editAppPage(exchange, user, outcome.app, 422, { problem: { kind: 'repeated' } })
    }
    if (outcome.kind !== 'created')
      return refuseRegistration(exchange, outcome, (...state) => show(user, ...state))
    if (outcome.secret !== undefined) return appSecretPage(exchange, user, outcome.app, outcome.secret)
    return redirect(developerPath(exchange, user.session, { app: outcome.app.id }))
  })
}

/** One form registers one app, however often it is posted: after a reload, a double click or a restored tab. */
function appIdOf({ services }: Exchange, { session }: SignedInUser, form: Form): string {
  const text = `${session.id}.${requireParameter(form, 'nonce')}`
  return toUuid(hmac(services.derived.key('user-app'), text))
}

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
