import { redirect, type HttpResponse } from '../../lib/http.ts'
import { displayNameOf } from '../../users/provider.ts'
import type { Exchange } from '../endpoint.ts'
import { forgedForm, readForm } from '../body.ts'
import { page } from '../page.ts'
import { providerPathsOf } from '../paths.ts'

/** GET: asks for confirmation, because any page can make a browser follow a link. */
export async function showSignOut(exchange: Exchange, provider: string): Promise<HttpResponse> {
  const { services } = exchange
  const { signIn: signInUrl, signOut: action } = providerPathsOf(services.settings, provider)
  const session = await services.sessions.current(exchange, provider)
  const user = session && (await services.userDirectory.find(session))
  if (!session || !user) return page(exchange, 200, 'signedOut', { signInUrl })
  const csrf = services.csrf.tokenFor(exchange, session)
  return page(exchange, 200, 'signOut', { action, hidden: { csrf }, userName: displayNameOf(user) })
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
  return redirect(providerPathsOf(services.settings, provider).signOut)
}
