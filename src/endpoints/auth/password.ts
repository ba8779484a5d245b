import type { HttpResponse } from '../../lib/http.ts'
import type { Session } from '../../model/session.ts'
import type { SignInProps } from '../../pages/props.ts'
import type { StartedSession } from '../../sessions/sessions.ts'
import { checkPassword, type FailedPasswordAttempt } from '../../users/check-password.ts'
import type { LoadedUser } from '../../users/directory.ts'
import type { Exchange } from '../endpoint.ts'
import { reportFailedSignIn } from '../report.ts'

/** A session that has begun, or why none has. */
export type SignInOutcome =
  | StartedSession
  | {
      readonly status: number
      readonly problem: NonNullable<SignInProps['problem']>
      readonly headers: HttpResponse['headers']
    }

/** What was typed into a sign-in page, and the session that the browser has with this provider already. */
export interface SignInForm {
  readonly provider: string
  readonly username: string
  readonly password: string
  readonly present: Session | undefined
}

/** Begins a session, or renews the present one where it is this person's, if name and password are right. */
export async function signInWithPassword(exchange: Exchange, typed: SignInForm): Promise<SignInOutcome> {
  const { services, address } = exchange
  const outcome = await checkPassword(
    {
      users: services.userDirectory.provider(typed.provider),
      throttle: services.throttle,
      epochs: services.store.revocations.readEpochs,
      subjectOf: services.subjectOf,
    },
    { ...typed, address, clientId: '' },
    (person) => startSession(exchange, person, typed.present),
  )
  if (outcome.kind === 'correct') return outcome.result
  reportFailedSignIn(exchange, typed.provider, outcome)
  return refusalOf(outcome)
}

async function startSession(
  exchange: Exchange,
  { ref: user, epochs }: LoadedUser,
  present: Session | undefined,
): Promise<StartedSession | undefined> {
  const { services, request, address, requestId } = exchange
  const userAgent = request.header('user-agent') ?? ''
  const started = await services.sessions.start({ user, epochs, userAgent, address }, present)
  if (!started) return undefined
  const { id: sessionId } = started.session
  services.events.emit('session.started', { requestId, sessionId, sub: services.subjectOf(user), address })
  return started
}

/** The same words whether the name exists or not. Only the log and the event know the reason. */
function refusalOf(outcome: FailedPasswordAttempt): SignInOutcome {
  if (outcome.kind === 'incorrect') return { status: 403, problem: { kind: 'credentials' }, headers: {} }
  const { retryAfter, headers } = outcome.blocked
  return { status: 429, problem: { kind: 'throttled', seconds: retryAfter }, headers }
}
