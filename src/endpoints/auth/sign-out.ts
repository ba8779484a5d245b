import { redirect, type HttpResponse } from '../../lib/http.ts'
import type { Form } from '../../lib/form.ts'
import { returnUrlTo } from '../../lib/web-address.ts'
import { formTargetsOf } from '../../pages/headers.ts'
import { displayNameOf } from '../../users/provider.ts'
import type { Exchange } from '../endpoint.ts'
import { forgedForm, readForm, readQuery } from '../body.ts'
import { page } from '../page.ts'
import { providerPathsOf } from '../paths.ts'
import { lookUpViewer } from '../viewer.ts'

/** GET: asks for confirmation, because any page can make a browser follow a link. Guests return to the app immediately. */
export async function showSignOut(exchange: Exchange, provider: string): Promise<HttpResponse> {
  const { services } = exchange
  const { signIn: signInUrl, signOut: action } = providerPathsOf(services.settings, provider)
  const returnTo = readReturnUrl(exchange, readQuery(exchange.request))
  const { session, user } = await lookUpViewer(exchange, provider)
  if (!session || !user)
    return returnTo === undefined ? page(exchange, 200, 'signedOut', { signInUrl }) : redirect(returnTo)
  const csrf = services.csrf.tokenFor(exchange, session)
  const hidden = { csrf, ...(returnTo !== undefined && { return_to: returnTo }) }
  const formTargets = returnTo === undefined ? [] : formTargetsOf(returnTo)
  return page(exchange, 200, 'signOut', { action, hidden, userName: displayNameOf(user) }, { formTargets })
}

/** POST: signs out of one provider on this device, and revokes what ends with the session. Repeating it is harmless. */
export async function signOut(exchange: Exchange, provider: string): Promise<HttpResponse> {
  const { services, request, requestId } = exchange
  const form = await readForm(request)
  const session = await services.sessions.current(exchange, provider)
  if (session) {
    if (!services.csrf.isValid(exchange, session, form.get('csrf'))) throw forgedForm()
    await services.devices.end(session, 'sign_out', requestId)
  }
  services.sessions.clearCookie(exchange, provider)
  return redirect(afterSignOut(exchange, provider, readReturnUrl(exchange, form)))
}

/** Returns where to redirect after our sign-out: to the sign-out page of the app, if it has one. */
function afterSignOut({ services }: Exchange, provider: string, returnTo: string | undefined): string {
  const { settings } = services
  const { signOut: path } = providerPathsOf(settings, provider)
  const signOutUrl = settings.appSessions.get(provider)?.signOutUrl
  if (signOutUrl === undefined) return returnTo ?? path
  const [url, back] = [new URL(signOutUrl), new URL(path, settings.issuer)]
  if (returnTo !== undefined) back.searchParams.set('return_to', returnTo)
  url.searchParams.set('return_to', back.href)
  return url.href
}

/** Returns `return_to` if its origin is registered. Others could be an attacker's. */
const readReturnUrl = ({ services }: Exchange, form: Form): string | undefined =>
  returnUrlTo(services.settings.returnOrigins, form.get('return_to'))
