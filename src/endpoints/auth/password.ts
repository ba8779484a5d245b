import type { HttpResponse } from '../../lib/http.ts'
import type { Session } from '../../model/session.ts'
import type { SignInProps } from '../../pages/props.ts'
import {
  completeBrowserSignIn,
  startBrowserSession,
  type BrowserSignIn,
} from '../../sign-in/start-browser-session.ts'
import { checkPassword, type FailedPasswordAttempt } from '../../users/check-password.ts'
import type { LoadedUser } from '../../users/directory.ts'
import type { Exchange } from '../endpoint.ts'
import { findKnownDevice } from '../known-device.ts'
import { reportFailedSignIn } from '../report.ts'

/** The sign-in form, and the session that the browser already has with this provider. */
export interface SignInForm {
  readonly provider: string
  readonly username: string
  readonly password: string
  readonly keepSignedIn: boolean
  readonly current: Session | undefined
}

/** A new or renewed session, or what the sign-in page shows instead. */
export type SignInOutcome =
  | { readonly session: Session }
  | {
      readonly status: number
      readonly problem: NonNullable<SignInProps['problem']>
      readonly headers: HttpResponse['headers']
    }

/** Checks a user name and password. Starts a session if they are correct, or renews the user's current one. */
export async function signInWithPassword(exchange: Exchange, form: SignInForm): Promise<SignInOutcome> {
  const { services, address } = exchange
  const { provider, username, password } = form
  const device = await findKnownDevice(services, services.deviceCookies.read(exchange), provider, username)
  const outcome = await checkPassword(
    {
      users: services.userDirectory.passwords(provider),
      throttle: services.throttle,
      epochs: services.store.revocations.readEpochs,
      subjectOf: services.subjectOf,
    },
    { provider, username, password, address, device, clientId: '' },
    (user) => startSession(exchange, user, form),
  )
  if (outcome.kind === 'correct') {
    const { session, signIn } = outcome.result
    await completeBrowserSignIn(services, session, signIn)
    return { session }
  }
  reportFailedSignIn(exchange, provider, outcome)
  return refusalOf(outcome)
}

async function startSession(
  exchange: Exchange,
  user: LoadedUser,
  { keepSignedIn: isPersistent, current }: SignInForm,
): Promise<{ readonly session: Session; readonly signIn: BrowserSignIn } | undefined> {
  const { services, address, requestId } = exchange
  const signIn = { user, exchange, current, isPersistent, address, methods: ['pwd'], requestId }
  const session = await startBrowserSession(services, signIn)
  return session && { session, signIn }
}

/** The page is the same whether the user exists or not. Only the log and the event have the reason. */
function refusalOf(outcome: FailedPasswordAttempt): SignInOutcome {
  if (outcome.kind === 'incorrect') return { status: 403, problem: { kind: 'credentials' }, headers: {} }
  const { retryAfter, headers } = outcome.blocked
  return { status: 429, problem: { kind: 'throttled', seconds: retryAfter }, headers }
}
