import { OAuthError } from '../../errors.ts'
import type { Form } from '../../lib/form.ts'
import { hmac, toId } from '../../lib/hash.ts'
import { redirect, type HttpResponse } from '../../lib/http.ts'
import type { PersonalTokenRefusal } from '../../personal-tokens/personal-tokens.ts'
import { summarizeProblems, type PersonalTokenParams } from '../../personal-tokens/params.ts'
import type { Exchange } from '../endpoint.ts'
import { forgedForm, readForm, requireParameter } from '../body.ts'
import { providerPathsOf } from '../paths.ts'
import { report } from '../report.ts'
import { redirectToSignIn } from '../return-to.ts'
import { newTokenPage, tokensPage, type TokenFormValues } from './personal-tokens-pages.ts'
import { createForSignedInUser, findSignedInUser, type SignedInUser } from './signed-in-user.ts'

/** GET: the person's tokens, and a form for another one. */
export async function showPersonalTokens(exchange: Exchange, provider: string): Promise<HttpResponse> {
  const visitor = await findSignedInUser(exchange, provider)
  return visitor ? tokensPage(exchange, visitor, 200) : askToSignIn(exchange, provider)
}

/** POST: the form for another one, or with `revoke` the end of the one with that id. */
export async function postPersonalTokens(exchange: Exchange, provider: string): Promise<HttpResponse> {
  const { services, request } = exchange
  const form = await readForm(request)
  const visitor = await findSignedInUser(exchange, provider)
  if (!visitor) return askToSignIn(exchange, provider)
  if (!services.csrf.isValid(exchange, visitor.session, form.get('csrf'))) throw forgedForm()
  const id = form.get('revoke')
  return id === undefined ? create(exchange, visitor, form) : revoke(exchange, visitor, id)
}

async function revoke(
  { services, requestId }: Exchange,
  { session }: SignedInUser,
  id: string,
): Promise<HttpResponse> {
  const isThere = await services.personalTokens.revoke(id, { owner: session, requestId })
  if (!isThere) throw new OAuthError('not_found', 'There is no such personal access token')
  return redirect(providerPathsOf(services.settings, session.provider).tokensPage)
}

/** The answer itself shows the token: a redirect would have to carry it. */
async function create(exchange: Exchange, visitor: SignedInUser, form: Form): Promise<HttpResponse> {
  const values = readTokenForm(form)
  const outcome = await createForSignedInUser(exchange, visitor, {
    ...values,
    id: idOf(exchange, visitor, form),
  })
  if (outcome.kind === 'made') return newTokenPage(exchange, visitor, outcome)
  if (outcome.kind === 'ended') return askToSignIn(exchange, visitor.session.provider)
  return refuse(exchange, visitor, values, outcome)
}

/** One form makes one token, however often it is posted: by a reload, a double click or a browser that comes back. */
function idOf(
  { services }: Exchange,
  { session }: SignedInUser,
  form: Form,
): NonNullable<PersonalTokenParams['id']> {
  const text = `${session.id}.${requireParameter(form, 'nonce')}`
  return toId(hmac(services.derived.key('personal-token'), text))
}

const SCOPE = 'scope:'

/** Each scope is a parameter of its own, since none may come twice. */
function readTokenForm(form: Form): TokenFormValues {
  const names = Array.from(form.entries(), ([name]) => name)
  return {
    name: form.get('name') ?? '',
    scopes: names.filter((name) => name.startsWith(SCOPE)).map((name) => name.slice(SCOPE.length)),
    lifetime: Number(form.get('expires_in')) * 1000,
  }
}

function refuse(
  exchange: Exchange,
  visitor: SignedInUser,
  values: TokenFormValues,
  outcome: Exclude<PersonalTokenRefusal, { readonly kind: 'ended' }>,
): Promise<HttpResponse> {
  const [status, code] =
    outcome.kind === 'throttled' ? [429, 'too_many_requests' as const] : [422, 'invalid_request' as const]
  const detail = outcome.kind === 'wrong' ? summarizeProblems(outcome.problems) : outcome.kind
  report(exchange, new OAuthError(code, 'There is no new token', { status, detail }))
  const headers = outcome.kind === 'throttled' ? outcome.blocked.headers : {}
  return tokensPage(exchange, visitor, status, { values, problem: problemOf(outcome), headers })
}

function problemOf(outcome: Exclude<PersonalTokenRefusal, { readonly kind: 'ended' }>) {
  if (outcome.kind === 'wrong') return { kind: outcome.problems[0]?.field ?? 'name' } as const
  if (outcome.kind === 'throttled')
    return { kind: outcome.kind, seconds: outcome.blocked.retryAfter } as const
  return { kind: outcome.kind } as const
}

const askToSignIn = (exchange: Exchange, provider: string): HttpResponse =>
  redirectToSignIn(exchange, provider, {
    returnTo: providerPathsOf(exchange.services.settings, provider).tokensPage,
  })
