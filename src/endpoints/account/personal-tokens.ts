import { OAuthError } from '../../errors.ts'
import type { Form } from '../../lib/form.ts'
import { hmac, toId } from '../../lib/hash.ts'
import { redirect, type HttpResponse } from '../../lib/http.ts'
import type { PersonalTokensProps } from '../../pages/props.ts'
import type { PersonalTokenRefusal } from '../../personal-tokens/personal-tokens.ts'
import { summarizeProblems, type PersonalTokenParams } from '../../personal-tokens/params.ts'
import type { Exchange } from '../endpoint.ts'
import { forgedForm, readForm, readQuery, requireParameter } from '../body.ts'
import { providerPathsOf } from '../paths.ts'
import { report } from '../report.ts'
import { redirectToSignIn } from '../return-to.ts'
import {
  newTokenPage,
  revokedPath,
  revokeTokenPage,
  tokensPage,
  type TokenFormValues,
} from './personal-tokens-pages.ts'
import {
  afterReauthentication,
  isReauthenticated,
  reauthenticate,
  reauthenticationProblem,
  signsInAtApp,
  type FormRefusal,
} from './reauthentication.ts'
import { tokenNotFound } from './personal-tokens-api.ts'
import { createForSignedInUser, findSignedInUser, type SignedInUser } from './signed-in-user.ts'

/**
 * GET: the user's tokens and a form for a new one. With `revoke=<id>`, asks whether to revoke that token; with
 * `revoked=<id>`, says that it was revoked.
 */
export async function showPersonalTokens(exchange: Exchange, provider: string): Promise<HttpResponse> {
  const signedIn = await findSignedInUser(exchange, provider)
  if (!signedIn) return askToSignIn(exchange, provider)
  const query = readQuery(exchange.request)
  const id = query.get('revoke')
  if (id !== undefined) return confirmRevocation(exchange, signedIn, id)
  const revoked = await nameOfRevoked(exchange, signedIn, query.get('revoked'))
  return tokensPage(exchange, signedIn, 200, { ...(revoked !== undefined && { revoked }) })
}

async function confirmRevocation(
  exchange: Exchange,
  signedIn: SignedInUser,
  id: string,
): Promise<HttpResponse> {
  const tokens = await exchange.services.personalTokens.list(signedIn.session)
  const token = tokens.find((candidate) => candidate.id === id)
  if (!token)
    return redirect(providerPathsOf(exchange.services.settings, signedIn.session.provider).tokensPage)
  return revokeTokenPage(exchange, signedIn, token)
}

/** The name comes from the database, so that a link cannot make the page say what did not happen. */
async function nameOfRevoked(
  { services: { store, subjectOf } }: Exchange,
  { session }: SignedInUser,
  id: string | undefined,
): Promise<string | undefined> {
  const token = id === undefined ? undefined : await store.authorizations.find(id)
  const isTheirs = token !== undefined && subjectOf(token) === subjectOf(session)
  return isTheirs && token.revokedAt !== null ? (token.name ?? undefined) : undefined
}

/** POST: generates a token, or revokes the one with the id `revoke`. */
export async function postPersonalTokens(exchange: Exchange, provider: string): Promise<HttpResponse> {
  const { services, request } = exchange
  const form = await readForm(request)
  const signedIn = await findSignedInUser(exchange, provider)
  if (!signedIn) return askToSignIn(exchange, provider)
  if (!services.csrf.isValid(exchange, signedIn.session, form.get('csrf'))) throw forgedForm()
  const id = form.get('revoke')
  return id === undefined ? create(exchange, signedIn, form) : revoke(exchange, signedIn, id)
}

async function revoke(
  { services, requestId }: Exchange,
  { session }: SignedInUser,
  id: string,
): Promise<HttpResponse> {
  const exists = await services.personalTokens.revoke(id, { owner: session, requestId })
  if (!exists) throw tokenNotFound()
  return redirect(revokedPath(services.settings, session.provider, id))
}

/** The response itself shows the token: a redirect would have to carry it. */
async function create(exchange: Exchange, signedIn: SignedInUser, form: Form): Promise<HttpResponse> {
  const values = readTokenForm(form)
  const { provider } = signedIn.session
  const isAtApp = signsInAtApp(exchange.services.settings, signedIn.session)
  const password = isAtApp ? undefined : form.get('current_password')
  const check = await reauthenticate(exchange, signedIn, password)
  if (check.kind === 'ended') return askToSignIn(exchange, provider)
  if (check.kind === 'required' && isAtApp) return askToSignIn(exchange, provider, true)
  if (!isReauthenticated(check)) return refuse(exchange, signedIn, values, check)
  const id = tokenIdOf(exchange, signedIn, form)
  const outcome = await createForSignedInUser(exchange, signedIn, { ...values, id })
  if (outcome.kind === 'created') return newTokenPage(exchange, signedIn, outcome)
  if (outcome.kind === 'signed-out') return askToSignIn(exchange, provider)
  return refuse(exchange, afterReauthentication(exchange, signedIn, check), values, outcome)
}

/** One form creates one token, however often it is posted: after a reload, a double click or a restored tab. */
function tokenIdOf(
  { services }: Exchange,
  { session }: SignedInUser,
  form: Form,
): NonNullable<PersonalTokenParams['id']> {
  const text = `${session.id}.${requireParameter(form, 'nonce')}`
  return toId(hmac(services.derived.key('personal-token'), text))
}

const SCOPE = 'scope:'

/** Each scope is a parameter of its own: repeated parameters are rejected. */
function readTokenForm(form: Form): TokenFormValues {
  const names = Array.from(form.entries(), ([name]) => name)
  return {
    name: form.get('name') ?? '',
    scopes: names.filter((name) => name.startsWith(SCOPE)).map((name) => name.slice(SCOPE.length)),
    lifetime: Number(form.get('expires_in')) * 1000,
  }
}

/** Why the form is shown again. */
type TokenFormRefusal = Exclude<PersonalTokenRefusal, { readonly kind: 'signed-out' }> | FormRefusal

function refuse(
  exchange: Exchange,
  signedIn: SignedInUser,
  values: TokenFormValues,
  outcome: TokenFormRefusal,
): Promise<HttpResponse> {
  const blocked = 'blocked' in outcome ? outcome.blocked : undefined
  const [status, code] = blocked ? [429, 'too_many_requests' as const] : [422, 'invalid_request' as const]
  const detail = outcome.kind === 'invalid' ? summarizeProblems(outcome.problems) : outcome.kind
  report(exchange, new OAuthError(code, 'No token was created', { status, detail }))
  const headers = blocked?.headers ?? {}
  return tokensPage(exchange, signedIn, status, { values, problem: problemOf(outcome), headers })
}

function problemOf(outcome: TokenFormRefusal): NonNullable<PersonalTokensProps['problem']> {
  switch (outcome.kind) {
    case 'invalid':
      return { kind: outcome.problems[0]?.field ?? 'name' }
    case 'throttled':
      return { kind: 'throttled', seconds: outcome.blocked.retryAfter }
    case 'blocked':
    case 'incorrect':
    case 'required':
      return reauthenticationProblem(outcome)
    case 'full':
    case 'repeated':
    default:
      return { kind: outcome.kind }
  }
}

const askToSignIn = (exchange: Exchange, provider: string, isForced = false): Promise<HttpResponse> =>
  redirectToSignIn(exchange, provider, {
    returnTo: providerPathsOf(exchange.services.settings, provider).tokensPage,
    isForced,
  })
