import type { ConnectedApp } from '../../clients/connections.ts'
import { OAuthError } from '../../errors.ts'
import { hmac, isEqualInConstantTime } from '../../lib/hash.ts'
import { redirect, type HttpResponse } from '../../lib/http.ts'
import type { Session } from '../../model/session.ts'
import { forgedForm, readForm, readQuery, requireParameter } from '../body.ts'
import { describeResources, describeScopes } from '../descriptions.ts'
import { languagesOf } from '../languages.ts'
import type { Exchange } from '../endpoint.ts'
import { page } from '../page.ts'
import { providerPathsOf, withQuery } from '../paths.ts'
import { redirectToSignIn } from '../return-to.ts'
import { accountProps } from './account.ts'
import { findSignedInUser, type SignedInUser } from './signed-in-user.ts'

const MAX_SHOWN = 100

/**
 * GET: the user's connected apps. With `disconnect=<client ID>`, asks whether to disconnect that app; with `disconnected`,
 * says that it was done.
 */
export async function showConnectedApps(exchange: Exchange, provider: string): Promise<HttpResponse> {
  const signedIn = await findSignedInUser(exchange, provider)
  if (!signedIn) return askToSignIn(exchange, provider)
  const query = readQuery(exchange.request)
  const apps = await exchange.services.connections.list(signedIn.session)
  const id = query.get('disconnect')
  if (id === undefined) return appsPage(exchange, signedIn, apps, query.get('disconnected'))
  const app = apps.find(({ client }) => client.id === id)
  // Another tab was faster.
  return app ? confirmPage(exchange, signedIn, app) : redirect(appsUrl(exchange, provider))
}

/** POST: disconnects the app with the client ID `disconnect`. */
export async function postConnectedApps(exchange: Exchange, provider: string): Promise<HttpResponse> {
  const { services, request, requestId } = exchange
  const form = await readForm(request)
  const signedIn = await findSignedInUser(exchange, provider)
  if (!signedIn) return askToSignIn(exchange, provider)
  const { session } = signedIn
  if (!services.csrf.isValid(exchange, session, form.get('csrf'))) throw forgedForm()
  const id = requireParameter(form, 'disconnect')
  const wasConnected = await services.connections.disconnect(session, id, { by: 'user', requestId })
  // With the proof, another tab was faster.
  if (!wasConnected && !isProof(exchange, session, id, form.get('proof'))) throw appNotFound()
  return redirect(appsUrl(exchange, provider, { disconnected: id, proof: proofOf(exchange, session, id) }))
}

/** An app that is not connected is unknown: the answer does not tell whether it exists. */
const appNotFound = (): OAuthError => new OAuthError('not_found', 'The app is not connected')

async function appsPage(
  exchange: Exchange,
  signedIn: SignedInUser,
  apps: readonly ConnectedApp[],
  disconnectedId: string | undefined,
): Promise<HttpResponse> {
  const { settings } = exchange.services
  const { provider } = signedIn.session
  const shown = thirdPartiesFirst(apps).slice(0, MAX_SHOWN)
  const disconnected = await nameOfDisconnected(exchange, signedIn, apps, disconnectedId)
  return page(exchange, 200, 'connectedApps', {
    ...accountProps(exchange, signedIn, 'apps'),
    apps: shown.map((app) => ({
      ...viewOf(exchange, app),
      disconnectUrl: appsUrl(exchange, provider, { disconnect: app.client.id }),
    })),
    hidden: apps.length - shown.length,
    now: settings.clock.now(),
    ...(disconnected !== undefined && { disconnected }),
  })
}

const thirdPartiesFirst = (apps: readonly ConnectedApp[]): readonly ConnectedApp[] =>
  apps.toSorted((one, other) => Number(other.client.isThirdParty) - Number(one.client.isThirdParty))

function viewOf(exchange: Exchange, { client, scopes, resources, connectedAt, lastUsedAt }: ConnectedApp) {
  const { settings } = exchange.services
  return {
    ...client,
    scopes: describeScopes(scopes, settings, languagesOf(exchange)),
    resources: describeResources(resources, settings),
    connectedAt,
    lastUsedAt,
  }
}

function confirmPage(
  exchange: Exchange,
  { session }: SignedInUser,
  app: ConnectedApp,
): Promise<HttpResponse> {
  const url = appsUrl(exchange, session.provider)
  const csrf = exchange.services.csrf.tokenFor(exchange, session)
  const { id } = app.client
  const disconnect = {
    action: url,
    hidden: { csrf, disconnect: id, proof: proofOf(exchange, session, id) },
  }
  return page(exchange, 200, 'disconnectApp', { client: viewOf(exchange, app), disconnect, appsUrl: url })
}

/** Needs the proof, so that a link cannot make the page say what did not happen. */
async function nameOfDisconnected(
  exchange: Exchange,
  { session }: SignedInUser,
  apps: readonly ConnectedApp[],
  id: string | undefined,
): Promise<string | undefined> {
  if (id === undefined || apps.some(({ client }) => client.id === id)) return undefined
  const proof = readQuery(exchange.request).get('proof')
  return isProof(exchange, session, id, proof) ? (await exchange.services.clients.find(id))?.name : undefined
}

/** Proves that this app was connected in this session: only the page that asks, and the redirect after it, have it. */
const proofOf = ({ services }: Exchange, { id }: Session, clientId: string): string =>
  hmac(services.derived.key('connected-app'), `${id} ${clientId}`)

const isProof = (exchange: Exchange, session: Session, clientId: string, proof = ''): boolean =>
  isEqualInConstantTime(proof, proofOf(exchange, session, clientId))

const appsUrl = (
  { services }: Exchange,
  provider: string,
  query: Readonly<Record<string, string>> = {},
): string => withQuery(providerPathsOf(services.settings, provider).appsPage, query)

const askToSignIn = (exchange: Exchange, provider: string): Promise<HttpResponse> =>
  redirectToSignIn(exchange, provider, { returnTo: appsUrl(exchange, provider) })
