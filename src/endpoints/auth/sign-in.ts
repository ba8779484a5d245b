import { redirect, type HttpResponse } from '../../lib/http.ts'
import { parseForm, type Form } from '../../lib/form.ts'
import { formTargetsOf } from '../../pages/headers.ts'
import type { SignInProps } from '../../pages/props.ts'
import { displayNameOf, type BaseUser } from '../../users/provider.ts'
import { hostOf } from '../descriptions.ts'
import type { Exchange } from '../endpoint.ts'
import { readForm, readQuery } from '../body.ts'
import { findTarget, type ResponseTarget } from '../oauth/authorization-request.ts'
import { page } from '../page.ts'
import { pathsOf, providerPathsOf } from '../paths.ts'
import { safeReturnTo } from '../return-to.ts'
import { signInWithPassword } from './password.ts'

/** GET: the sign-in page; who is signed in goes on, unless they are to sign in again. */
export async function showSignIn(exchange: Exchange, provider: string): Promise<HttpResponse> {
  const { services } = exchange
  const form = readQuery(exchange.request)
  const returnTo = safeReturnTo(services, provider, form.get('return_to'))
  const session = await services.sessions.current(exchange.request, provider)
  const user = session && (await services.userDirectory.find(session))
  if (!user || form.get('prompt') === 'login') return signInPage(exchange, 200, { provider, returnTo })
  return returnTo === undefined ? signedIn(exchange, provider, user) : redirect(returnTo)
}

/** POST: name and password, or the wish to sign in as somebody else. */
export async function signIn(exchange: Exchange, provider: string): Promise<HttpResponse> {
  const { services, request } = exchange
  const form = await readForm(request)
  const returnTo = safeReturnTo(services, provider, form.get('return_to'))
  if (form.get('intent') === 'switch') return switchAccount(exchange, provider, returnTo)
  const present = await services.sessions.current(request, provider)
  const username = form.get('username') ?? ''
  if (!services.csrf.isValid(request, present?.id, form.get('csrf'))) {
    return signInPage(exchange, 403, { provider, returnTo, username, problem: { kind: 'expired' } })
  }
  const password = form.get('password') ?? ''
  const outcome = await signInWithPassword(exchange, { provider, username, password, present })
  if ('problem' in outcome) {
    const { status, problem, headers } = outcome
    return signInPage(exchange, status, { provider, returnTo, username, problem, headers })
  }
  // A cookie from before the sign-in is worth nothing after it, and somebody else's session on this device ends.
  if (present && present.id !== outcome.session.id) {
    await services.revoker.revoke({ kind: 'session', id: present.id }, exchange.requestId)
  }
  return redirect(returnTo ?? providerPathsOf(services.settings, provider).signIn, {
    'Set-Cookie': outcome.setCookie,
  })
}

function switchAccount({ services }: Exchange, provider: string, returnTo: string | undefined): HttpResponse {
  const parameters = new URLSearchParams({
    prompt: 'login',
    ...(returnTo !== undefined && { return_to: returnTo }),
  })
  return redirect(`${providerPathsOf(services.settings, provider).signIn}?${parameters.toString()}`)
}

interface Shown {
  readonly provider: string
  readonly returnTo: string | undefined
  readonly username?: string
  readonly problem?: NonNullable<SignInProps['problem']>
  readonly headers?: HttpResponse['headers']
}

async function signInPage(exchange: Exchange, status: number, shown: Shown): Promise<HttpResponse> {
  const { services, request } = exchange
  const { provider, returnTo, username, problem, headers } = shown
  const session = await services.sessions.current(request, provider)
  const { token, setCookie } = services.csrf.tokenFor(request, session?.id)
  const target = await targetOf(exchange, provider, returnTo)
  const props = {
    action: providerPathsOf(services.settings, provider).signIn,
    hidden: { csrf: token, ...(returnTo !== undefined && { return_to: returnTo }) },
    provider,
    username: username ?? '',
    ...(target && { client: { name: target.client.name, host: hostOf(target.redirectUri) } }),
    ...(problem && { problem }),
  }
  return page(exchange, status, 'signIn', props, {
    // Where consent is remembered, this very form leads to the client.
    formTargets: target ? formTargetsOf(target.redirectUri) : [],
    headers: { ...headers, ...(setCookie && { 'Set-Cookie': setCookie }) },
  })
}

/** The client that sent the person here, if a client of theirs did. */
async function targetOf(
  { services }: Exchange,
  provider: string,
  returnTo: string | undefined,
): Promise<ResponseTarget | undefined> {
  const [path, query] = returnTo?.split(/\?(.*)/s, 2) ?? []
  if (path !== pathsOf(services.settings).authorize) return undefined
  const form: Form | string = query === undefined ? '' : parseForm(query)
  const target =
    typeof form === 'string' ? undefined : await findTarget(services, form).catch(() => undefined)
  return target?.client.provider === provider ? target : undefined
}

function signedIn(exchange: Exchange, provider: string, user: BaseUser): Promise<HttpResponse> {
  const { settings } = exchange.services
  const { signOut: signOutUrl, tokensPage: tokensUrl } = providerPathsOf(settings, provider)
  const props = { userName: displayNameOf(user), signOutUrl }
  return page(exchange, 200, 'signedIn', settings.personalTokens ? { ...props, tokensUrl } : props)
}
