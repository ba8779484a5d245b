import type { Form } from '../../lib/form.ts'
import type { HttpResponse } from '../../lib/http.ts'
import {
  afterReauthentication,
  isReauthenticated,
  reauthenticate,
  reauthenticationProblem,
  signsInAtApp,
} from '../account/reauthentication.ts'
import type { SignedInUser } from '../account/signed-in-user.ts'
import type { Exchange } from '../endpoint.ts'
import { redirectToSignIn } from '../return-to.ts'
import { developerPath, type AppFormState } from './developer-pages.ts'
import { reportRefusal } from './developer-refusals.ts'

/** How a form that needs a recent sign-in is shown again. */
interface SensitiveForm {
  /** Where users return to who sign in again at your app. */
  readonly query: Readonly<Record<string, string>>
  readonly show: (user: SignedInUser, status: number, state: AppFormState) => Promise<HttpResponse>
}

/** Runs an action if the user signed in or entered their password recently. Otherwise asks them to. */
export async function withRecentSignIn(
  exchange: Exchange,
  signedIn: SignedInUser,
  form: Form,
  { query, show }: SensitiveForm,
  act: (user: SignedInUser) => Promise<HttpResponse>,
): Promise<HttpResponse> {
  const { provider } = signedIn.session
  const isAtApp = signsInAtApp(exchange.services.settings, signedIn.session)
  const password = isAtApp ? undefined : form.get('current_password')
  const check = await reauthenticate(exchange, signedIn, password)
  if (check.kind === 'ended') return askToSignIn(exchange, provider, query)
  if (check.kind === 'required' && isAtApp) return askToSignIn(exchange, provider, query, true)
  if (isReauthenticated(check)) return act(afterReauthentication(exchange, signedIn, check))
  const blocked = check.kind === 'blocked' ? check.blocked : undefined
  const [status, code] = blocked ? [429, 'too_many_requests' as const] : [422, 'invalid_request' as const]
  reportRefusal(exchange, code, status, check.kind)
  return show(signedIn, status, { problem: reauthenticationProblem(check), headers: blocked?.headers ?? {} })
}

/** Redirects to the sign-in, which returns to the page with this query. */
export async function askToSignIn(
  exchange: Exchange,
  provider: string,
  query: Readonly<Record<string, string>> = {},
  isForced = false,
): Promise<HttpResponse> {
  const returnTo = developerPath(exchange, { provider }, query)
  return redirectToSignIn(exchange, provider, { returnTo, isForced })
}
