import type { HttpResponse } from '../../lib/http.ts'
import { randomBase64url } from '../../lib/hash.ts'
import type { Client } from '../../model/client.ts'
import { DEVICE_GRANT } from '../../model/device-code.ts'
import type { Session } from '../../model/session.ts'
import { thirdPartyRules } from '../../model/scope.ts'
import type { AppFormProblem, AppFormValues } from '../../pages/developer/props.ts'
import type { UserAppProblem } from '../../user-apps/fields.ts'
import { secretVersionOf, versionOf } from '../../user-apps/user-apps.ts'
import { describeScopes } from '../descriptions.ts'
import { languagesOf } from '../languages.ts'
import type { Exchange } from '../endpoint.ts'
import { page } from '../page.ts'
import { providerPathsOf, withQuery } from '../paths.ts'
import { accountProps } from '../account/account.ts'
import { appFormErrors, appFormValues, NO_VALUES } from './developer-form.ts'
import { reauthenticationProps } from '../account/reauthentication.ts'
import type { SignedInUser } from '../account/signed-in-user.ts'
import { DEFAULT_OVERLAP } from './changes.ts'

/** Returns the path of the page of an app, of a confirmation, or of the list. */
export const developerPath = (
  { services: { settings } }: Exchange,
  { provider }: Pick<Session, 'provider'>,
  query: Readonly<Record<string, string>> = {},
): string => withQuery(providerPathsOf(settings, provider).developerPage, query)

/** What the list shows besides the apps. */
interface ListOptions {
  readonly deleted?: string
  readonly isGone?: boolean
}

/** Shows the apps of the user. */
export async function developerAppsPage(
  exchange: Exchange,
  signedIn: SignedInUser,
  { deleted, isGone = false }: ListOptions = {},
): Promise<HttpResponse> {
  const { userApps, settings } = exchange.services
  const { session } = signedIn
  const apps = await userApps.list(session)
  const limit = settings.userApps?.limit ?? 0
  const urlOf = (query: Readonly<Record<string, string>>): string => developerPath(exchange, session, query)
  return page(exchange, isGone ? 404 : 200, 'developerApps', {
    ...accountProps(exchange, signedIn, 'developer'),
    apps: apps.map(({ id, name, logo, createdAt }) => ({
      id,
      name,
      logo,
      createdAt,
      url: urlOf({ app: id }),
    })),
    limit,
    ...(apps.length < limit && { registerUrl: urlOf({ new: 'app' }) }),
    ...(deleted !== undefined && { deleted }),
    ...(isGone && { isGone }),
  })
}

/** What a form shows after a refusal. */
export interface AppFormState {
  readonly values?: AppFormValues
  readonly isPublic?: boolean
  readonly problems?: readonly UserAppProblem[]
  readonly problem?: AppFormProblem
  readonly headers?: HttpResponse['headers']
}

/** Shows the form for a new app, or the list with its limit if the user can't have another one. */
export async function newAppPage(exchange: Exchange, signedIn: SignedInUser): Promise<HttpResponse> {
  const { userApps, settings } = exchange.services
  const apps = await userApps.list(signedIn.session)
  const isFull = apps.length >= (settings.userApps?.limit ?? 0)
  return isFull ? developerAppsPage(exchange, signedIn) : registerAppPage(exchange, signedIn, 200)
}

/** Shows the form for a new app. */
export function registerAppPage(
  exchange: Exchange,
  signedIn: SignedInUser,
  status: number,
  state: AppFormState = {},
): Promise<HttpResponse> {
  const { session } = signedIn
  const { values = NO_VALUES, isPublic = false, headers } = state
  const csrf = exchange.services.csrf.tokenFor(exchange, session)
  const hidden = { csrf, intent: 'register', nonce: randomBase64url(16) }
  const props = {
    ...formProps(exchange, signedIn, values, state),
    ...reauthenticationProps(exchange.services, session, developerPath(exchange, session, { new: 'app' })),
    register: { action: developerPath(exchange, session), hidden },
    isPublic,
  }
  return page(exchange, status, 'registerApp', props, { ...(headers && { headers }) })
}

/** What the page of an app shows besides the app. */
interface EditState extends AppFormState {
  readonly isSaved?: boolean
}

/** Shows an app. Its form has the version that it shows, so that it cannot overwrite a change that the user has not seen. */
export function editAppPage(
  exchange: Exchange,
  signedIn: SignedInUser,
  app: Client,
  status = 200,
  state: EditState = {},
): Promise<HttpResponse> {
  const { services } = exchange
  const { session } = signedIn
  const { values = appFormValues(app), headers, isSaved = false } = state
  const csrf = services.csrf.tokenFor(exchange, session)
  const { id, name, logo, createdAt } = app
  const isPublic = app.type === 'public'
  const props = {
    ...formProps(exchange, signedIn, values, state),
    ...reauthenticationProps(services, session, developerPath(exchange, session, { app: id })),
    app: { id, name, logo, isPublic, createdAt, oldSecretsExpireAt: oldSecretsExpiryOf(app, exchange) },
    scopes: scopesOf(app, exchange),
    save: {
      action: developerPath(exchange, session),
      hidden: { csrf, intent: 'save', app: id, version: versionOf(app) },
    },
    ...(!isPublic && { rotateUrl: developerPath(exchange, session, { rotate: id }) }),
    deleteUrl: developerPath(exchange, session, { delete: id }),
    isSaved,
  }
  return page(exchange, status, 'editApp', props, { ...(headers && { headers }) })
}

function formProps(
  exchange: Exchange,
  signedIn: SignedInUser,
  values: AppFormValues,
  { problems = [], problem }: AppFormState,
) {
  return {
    ...accountProps(exchange, signedIn, 'developer'),
    values,
    hasDeviceFlow: exchange.services.settings.grants.has(DEVICE_GRANT),
    errors: appFormErrors(problems, values),
    appsUrl: developerPath(exchange, signedIn.session),
    ...(problem && { problem }),
  }
}

function scopesOf({ scopes }: Client, exchange: Exchange) {
  const { settings } = exchange.services
  const { defined } = thirdPartyRules(settings.scopes)
  const allowed = scopes?.filter((scope) => defined.has(scope)) ?? [...defined]
  return describeScopes(allowed, settings, languagesOf(exchange))
}

/** Returns when the last of the earlier secrets stops working, in milliseconds. */
function oldSecretsExpiryOf({ secrets }: Client, { services: { settings } }: Exchange): number | null {
  const times = secrets.flatMap(({ expiresAt }) => expiresAt ?? [])
  const latest = Math.max(0, ...times)
  return latest > settings.clock.now() ? latest : null
}

const HOUR = 3600
/** In seconds. */
const OVERLAPS: readonly number[] = [0, HOUR, DEFAULT_OVERLAP, 7 * DEFAULT_OVERLAP, 30 * DEFAULT_OVERLAP]

/** What the form for a new secret shows after a refusal. */
interface RotationState {
  readonly overlap?: number
  readonly problem?: AppFormProblem
  readonly headers?: HttpResponse['headers']
}

/** Asks before generating a secret. */
export function rotateAppPage(
  exchange: Exchange,
  { session }: SignedInUser,
  app: Client,
  status = 200,
  { overlap = DEFAULT_OVERLAP, problem, headers }: RotationState = {},
): Promise<HttpResponse> {
  const csrf = exchange.services.csrf.tokenFor(exchange, session)
  const hidden = { csrf, intent: 'rotate', app: app.id, version: secretVersionOf(app) }
  const props = {
    name: app.name,
    rotate: { action: developerPath(exchange, session), hidden },
    overlaps: OVERLAPS,
    overlap,
    ...reauthenticationProps(
      exchange.services,
      session,
      developerPath(exchange, session, { rotate: app.id }),
    ),
    ...(problem && { problem }),
    appUrl: developerPath(exchange, session, { app: app.id }),
  }
  return page(exchange, status, 'rotateAppSecret', props, { ...(headers && { headers }) })
}

/** Shows the secret of an app, once. */
export const appSecretPage = (
  exchange: Exchange,
  { session }: SignedInUser,
  app: Client,
  secret: string,
): Promise<HttpResponse> =>
  page(exchange, 200, 'appSecret', {
    id: app.id,
    name: app.name,
    secret,
    oldSecretsExpireAt: oldSecretsExpiryOf(app, exchange),
    appUrl: developerPath(exchange, session, { app: app.id }),
  })

/** Asks before deleting an app. */
export function deleteAppPage(
  exchange: Exchange,
  { session }: SignedInUser,
  { id, name }: Client,
): Promise<HttpResponse> {
  const csrf = exchange.services.csrf.tokenFor(exchange, session)
  return page(exchange, 200, 'deleteApp', {
    name,
    delete: { action: developerPath(exchange, session), hidden: { csrf, intent: 'delete', app: id } },
    appUrl: developerPath(exchange, session, { app: id }),
  })
}
