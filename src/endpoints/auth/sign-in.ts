import { redirect, type Answer } from '../../lib/http.ts'
import { parseForm, type Form } from '../../lib/form.ts'
import { formTargetsOf } from '../../pages/headers.ts'
import type { SignInProps } from '../../pages/props.ts'
import { displayNameOf, type BaseUser } from '../../users/provider.ts'
import type { Exchange } from '../endpoint.ts'
import { readForm, readQuery } from '../form.ts'
import { hostOf } from '../oauth/consent-view.ts'
import { findTarget, type AnswerTarget } from '../oauth/authorization-request.ts'
import { page } from '../page.ts'
import { pathsOf } from '../paths.ts'
import { checkPassword } from './password.ts'
import { safeReturnTo } from './return-to.ts'

/** GET: the sign-in page; who is signed in goes on, unless they are to sign in again. */
export async function showSignIn(exchange: Exchange): Promise<Answer> {
  const form = readQuery(exchange.incoming)
  const returnTo = safeReturnTo(exchange.services, form.get('return_to'))
  const session = await exchange.services.sessions.current(exchange.incoming)
  const user = session && (await exchange.services.grantContext.findUser(session))
  if (!user || form.get('prompt') === 'login') return signInPage(exchange, 200, { returnTo })
  return returnTo === undefined ? signedIn(exchange, user) : redirect(returnTo)
}

/** POST: name and password, or the wish to sign in as somebody else. */
export async function signIn(exchange: Exchange): Promise<Answer> {
  const { services, incoming } = exchange
  const form = await readForm(incoming)
  const returnTo = safeReturnTo(services, form.get('return_to'))
  if (form.get('intent') === 'switch') return switchAccount(exchange, returnTo)
  const present = await services.sessions.current(incoming)
  const username = form.get('username') ?? ''
  if (!services.csrf.isValid(incoming, present?.id, form.get('csrf'))) {
    return signInPage(exchange, 403, { returnTo, username, problem: { kind: 'expired' } })
  }
  const outcome = await checkPassword(exchange, username, form.get('password') ?? '', present)
  if ('problem' in outcome) {
    const { status, problem, headers } = outcome
    return signInPage(exchange, status, { returnTo, username, problem, headers })
  }
  // A cookie from before the sign-in is worth nothing after it, and somebody else's session on this device ends.
  if (present && present.id !== outcome.session.id) {
    await services.revoker.revoke({ kind: 'session', id: present.id }, exchange.requestId)
  }
  return redirect(returnTo ?? pathsOf(services.settings).signIn, { 'Set-Cookie': outcome.setCookie })
}

function switchAccount({ services }: Exchange, returnTo: string | undefined): Answer {
  const parameters = new URLSearchParams({
    prompt: 'login',
    ...(returnTo !== undefined && { return_to: returnTo }),
  })
  return redirect(`${pathsOf(services.settings).signIn}?${parameters.toString()}`)
}

interface Shown {
  readonly returnTo: string | undefined
  readonly username?: string
  readonly problem?: NonNullable<SignInProps['problem']>
  readonly headers?: Answer['headers']
}

async function signInPage(exchange: Exchange, status: number, shown: Shown): Promise<Answer> {
  const { services, incoming } = exchange
  const { returnTo, username, problem, headers } = shown
  const session = await services.sessions.current(incoming)
  const { token, setCookie } = services.csrf.tokenFor(incoming, session?.id)
  const target = await targetOf(exchange, returnTo)
  const props = {
    action: pathsOf(services.settings).signIn,
    hidden: { csrf: token, ...(returnTo !== undefined && { return_to: returnTo }) },
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

/** The client that sent the person here, if a client did. */
async function targetOf(
  { services }: Exchange,
  returnTo: string | undefined,
): Promise<AnswerTarget | undefined> {
  const query = returnTo?.slice(returnTo.indexOf('?') + 1)
  const form: Form | string = query === undefined ? '' : parseForm(query)
  return typeof form === 'string' ? undefined : findTarget(services, form).catch(() => undefined)
}

const signedIn = (exchange: Exchange, user: BaseUser): Promise<Answer> =>
  page(exchange, 200, 'signedIn', {
    userName: displayNameOf(user),
    signOutUrl: pathsOf(exchange.services.settings).signOut,
  })
