import { redirect, type HttpResponse } from '../../lib/http.ts'
import { displayNameOf } from '../../users/provider.ts'
import type { Exchange } from '../endpoint.ts'
import { forgedForm, readForm } from '../body.ts'
import { page } from '../page.ts'
import { providerPathsOf } from '../paths.ts'

/** GET: asks before it signs out, because any page can make a browser follow a link. */
export async function showSignOut(exchange: Exchange, provider: string): Promise<HttpResponse> {
  const { services, request } = exchange
  const { signIn: signInUrl, signOut: action } = providerPathsOf(services.settings, provider)
  const session = await services.sessions.current(request, provider)
  const user = session && (await services.userDirectory.find(session))
  if (!session || !user) return page(exchange, 200, 'signedOut', { signInUrl })
  const { token, setCookie } = services.csrf.tokenFor(request, session.id)
  const props = { action, hidden: { csrf: token }, userName: displayNameOf(user) }
  return page(exchange, 200, 'signOut', props, { ...(setCookie && { headers: { 'Set-Cookie': setCookie } }) })
}

/** POST: ends this device's session with a provider, and what ends with it. Doing it twice is harmless. */
export async function signOut(exchange: Exchange, provider: string): Promise<HttpResponse> {
  const { services, request, requestId } = exchange
  const form = await readForm(request)
  const session = await services.sessions.current(request, provider)
  if (session) {
    if (!services.csrf.isValid(request, session.id, form.get('csrf'))) throw forgedForm()
    await services.revoker.revoke({ kind: 'session', id: session.id }, requestId)
    services.events.emit('session.ended', {
      requestId,
      sessionId: session.id,
      sub: services.subjectOf(session),
    })
  }
  const { signOut: signedOut } = providerPathsOf(services.settings, provider)
  return redirect(signedOut, { 'Set-Cookie': services.sessions.clearCookie(provider) })
}
