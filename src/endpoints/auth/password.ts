import type { HttpResponse } from '../../lib/http.ts'
import type { Session } from '../../model/session.ts'
import type { SignInProps } from '../../pages/props.ts'
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
      users: services.userDirectory.provider(provider),
      throttle: services.throttle,
      epochs: services.store.revocations.readEpochs,
      subjectOf: services.subjectOf,
    },
    { provider, username, password, address, device, clientId: '' },
    (user) => startSession(exchange, user, form),
  )
  if (outcome.kind === 'correct') {
    await welcome(exchange, outcome.result, form.current)
    return { session: outcome.result }
  }
  reportFailedSignIn(exchange, provider, outcome)
  return refusalOf(outcome)
}

async function startSession(
  exchange: Exchange,
  { ref: user, epochs }: LoadedUser,
  { keepSignedIn: isPersistent, current }: SignInForm,
): Promise<Session | undefined> {
  const { services, request, address, requestId } = exchange
  const signIn = { user, epochs, userAgent: request.header('user-agent') ?? '', address }
  const session = await services.sessions.start(exchange, signIn, { isPersistent, current })
  if (!session) return undefined
  const sub = services.subjectOf(user)
  services.events.emit('session.started', { requestId, sessionId: session.id, sub, address })
  return session
}

/** Remembers the device, and applies the limit of sessions if there is one more. */
async function welcome(exchange: Exchange, session: Session, current: Session | undefined): Promise<void> {
  const { services, requestId } = exchange
  const { deviceCookies, deviceTokens, sessionLimit, events } = services
  const { id: sessionId, deviceName, address } = session
  const sub = services.subjectOf(session)
  if (deviceTokens.find(deviceCookies.read(exchange), sub) === undefined)
    events.emit('device.new', { requestId, sessionId, sub, deviceName, address })
  deviceCookies.remember(exchange, sub)
  if (sessionId !== current?.id) await sessionLimit.enforce(session, requestId)
}

/** The page is the same whether the user exists or not. Only the log and the event have the reason. */
function refusalOf(outcome: FailedPasswordAttempt): SignInOutcome {
  if (outcome.kind === 'incorrect') return { status: 403, problem: { kind: 'credentials' }, headers: {} }
  const { retryAfter, headers } = outcome.blocked
  return { status: 429, problem: { kind: 'throttled', seconds: retryAfter }, headers }
}
