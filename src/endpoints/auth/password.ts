import type { Answer } from '../../lib/http.ts'
import type { SignInProps } from '../../pages/props.ts'
import type { BaseUser } from '../../users/provider.ts'
import type { Session } from '../../model/session.ts'
import type { UserRef } from '../../model/subject.ts'
import type { SignIn, StartedSession } from '../../sessions/sessions.ts'
import type { Exchange } from '../endpoint.ts'

/** A session that has begun, or why none has. */
export type SignInOutcome =
  | StartedSession
  | {
      readonly status: number
      readonly problem: NonNullable<SignInProps['problem']>
      readonly headers: Answer['headers']
    }

/**
 * Checks a name and a password and begins a session, or renews the `present` one where it is this person's. The try is
 * counted before the password is looked at, and the person's epoch is read before it too: a password that was changed
 * meanwhile signs nobody in.
 *
 * The person is looked up twice, to know whose epoch it is and again once it is read: what was known of them before may
 * hold a password that is over.
 */
export async function checkPassword(
  exchange: Exchange,
  username: string,
  password: string,
  present: Session | undefined,
): Promise<SignInOutcome> {
  const { services, address } = exchange
  const { provider } = services.settings
  const ticket = await services.throttle.attempt({ address, account: `password:${provider}:${username}` })
  if (ticket.blocked) return tooMany(exchange, ticket.blocked)
  try {
    const found = await services.users.findByUsername(username)
    const ref = { provider, userId: String(found?.id ?? '') }
    const epochs = await services.store.revocations.epochs(services.subjectOf(ref), '')
    const again = await services.users.findByUsername(username)
    const user = again?.id === found?.id ? again : undefined
    const isRight = await services.users.verifyPassword(user, password)
    const outcome = user && isRight ? await begin(exchange, { user: ref, epochs }, present) : undefined
    await (outcome ? ticket.succeed() : ticket.fail())
    return outcome ?? wrong(exchange, user, ref)
  } finally {
    await ticket.release()
  }
}

async function begin(
  exchange: Exchange,
  signIn: Pick<SignIn, 'user' | 'epochs'>,
  present: Session | undefined,
): Promise<StartedSession | undefined> {
  const { services, incoming, address, requestId } = exchange
  const userAgent = incoming.header('user-agent') ?? ''
  const started = await services.sessions.start({ ...signIn, userAgent, address }, present)
  if (!started) return undefined
  const { id: sessionId } = started.session
  const sub = services.subjectOf(signIn.user)
  services.events.emit('session.started', { requestId, sessionId, sub, address })
  return started
}

/** The same words whether the name exists or not. Only the log and the event know the reason. */
function wrong(
  { services, requestId, address }: Exchange,
  user: BaseUser | undefined,
  ref: UserRef,
): SignInOutcome {
  const { provider } = ref
  const sub = user ? services.subjectOf(ref) : null
  const reason = user
    ? `wrong password for user ${user.id}, or signed out everywhere meanwhile`
    : 'no such user'
  services.settings.logger.log('warn', 'Sign-in failed', { requestId, address, reason })
  services.events.emit('sign-in.failed', { requestId, provider, address, sub, reason })
  return { status: 403, problem: { kind: 'credentials' }, headers: {} }
}

function tooMany(
  { services, requestId, address }: Exchange,
  { retryAfter, headers }: { retryAfter: number; headers: Answer['headers'] },
): SignInOutcome {
  const { provider, logger } = services.settings
  logger.log('warn', 'Sign-in throttled', { requestId, address, retryAfter })
  services.events.emit('sign-in.throttled', { requestId, provider, address, retryAfter })
  return { status: 429, problem: { kind: 'throttled', seconds: retryAfter }, headers }
}
