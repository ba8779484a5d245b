import type { Emission, Events } from '../events.ts'
import type { Clock } from '../lib/clock.ts'
import { runOutsideRequest } from '../lib/database-wait.ts'
import { randomBase64url, sha256 } from '../lib/hash.ts'
import type { Logger } from '../lib/log.ts'
import { isOpenReset, type PasswordReset } from '../model/password-reset.ts'
import type { RevocationCause } from '../model/revocation.ts'
import type { UserRef } from '../model/subject.ts'
import type { Store } from '../store/contract.ts'
import type { RevocationTarget } from '../store/revocations.ts'
import type { Throttle, ThrottleTarget } from '../throttle/throttle.ts'
import { changePassword } from './change-password.ts'
import type { UserDirectory } from './directory.ts'
import { toUserId, type BaseUser } from './provider.ts'

/** A link to reset a forgotten password, for your mail or text message. Send it to the user and to no one else. */
export interface ResetLink<User extends BaseUser = BaseUser> {
  readonly user: User
  /** The name of the user's provider. */
  readonly provider: string
  /** The token in the link, for a page of your own. */
  readonly token: string
  /** The page of this server on which the user chooses a new password. */
  readonly url: string
  /** When the link expires, in milliseconds since 1970. */
  readonly expiresAt: number
  /** The language for the message (BCP 47): the user's `locale` if `pages` have it, or else that of the request. */
  readonly language: string
}

/** A request for a link, by a user who has forgotten their password or a stranger who knows the user name. */
export interface LinkRequest {
  readonly provider: string
  readonly username: string
  readonly address: string
  /** The id of a device that has signed in to this account before. */
  readonly device: string | undefined
  /** The language of the request. */
  readonly language: string
  readonly requestId: string
}

/** Links to reset forgotten passwords. */
export interface PasswordResets {
  /**
   * Sends a link if the user exists. Takes the same time if not, and if there were too many requests. Does not wait for
   * the message.
   */
  request(request: LinkRequest): Promise<void>
  /** Returns the link with this token if it can still be used. Does not spend it. */
  find(token: string): Promise<PasswordReset | undefined>
  /**
   * Changes the password, and signs the user out everywhere. Returns false if the link is unknown, used, expired or void.
   * If the change fails, the link stays usable.
   *
   * @throws whatever the provider's `setPassword` throws
   */
  redeem(token: string, password: string, requestId: string): Promise<boolean>
}

/** What the links need. */
export interface PasswordResetsOptions {
  readonly send: (link: ResetLink) => void | Promise<void>
  /** In milliseconds. */
  readonly lifetime: number
  readonly store: Pick<Store, 'passwordResets' | 'revocations'>
  readonly userDirectory: UserDirectory
  /** Counts requests. */
  readonly throttle: Throttle
  readonly revoke: (
    target: RevocationTarget,
    cause: RevocationCause,
    emissionsOf: () => readonly Emission[],
  ) => Promise<unknown>
  readonly urlOf: (provider: string, token: string) => string
  /** Returns the language for a message to a user. `requested` is that of the request. */
  readonly languageFor: (user: BaseUser, requested: string) => string
  readonly subjectOf: (user: UserRef) => string
  readonly events: Pick<Events, 'emit'>
  readonly logger: Logger
  readonly clock: Clock
}

/**
 * The most links that a user can get while the first of them is valid. A stranger can use them up, but then the user has
 * received them, so no one can keep a user from resetting a password.
 */
const MAX_LINKS = 3

/** Creates the links of one server. */
export function createPasswordResets(options: PasswordResetsOptions): PasswordResets {
  const { store, userDirectory, throttle, clock, logger } = options
  const find: PasswordResets['find'] = async (token) => {
    const reset = await store.passwordResets.find(sha256(token))
    return reset && isOpenReset(reset, clock.now()) ? reset : undefined
  }
  return {
    find,
    async request(request) {
      const { address, requestId } = request
      const target = targetOf(request)
      if (await throttle.check(target)) {
        logger.log('warn', 'Password reset throttled', { requestId, address })
        return
      }
      await throttle.fail(target)
      await createLink(options, request)
    },
    async redeem(token, password, requestId) {
      const reset = await find(token)
      const user = reset && (await userDirectory.find(reset))
      const now = clock.now()
      if (!user || !(await store.passwordResets.spend(reset.hash, now))) return false
      try {
        await resetPassword(options, reset, password, requestId)
      } catch (thrown) {
        await store.passwordResets.restore(reset.hash, now).catch(() => undefined)
        throw thrown
      }
      return true
    },
  }
}

const targetOf = ({ address, provider, username, device }: LinkRequest): ThrottleTarget =>
  device === undefined ? { address } : { address, account: `reset:${provider}:${username}`, device }

/** Runs the same queries whether the user exists or not. The link of an unknown user is void from the start. */
async function createLink(options: PasswordResetsOptions, request: LinkRequest): Promise<void> {
  const { store, userDirectory, subjectOf, clock, lifetime } = options
  const { provider, username, requestId } = request
  const user = await userDirectory.passwords(provider).findByUsername(username)
  const owner = { provider, userId: user ? toUserId(user, provider) : '' }
  const subject = subjectOf(owner)
  const epochs = await store.revocations.readEpochs(subject, '')
  const now = clock.now()
  const { token, reset: draft } = draftResetLink(owner, now, lifetime)
  const reset = user ? draft : { ...draft, userId: draft.hash, voidedAt: now }
  const limit = { maximum: MAX_LINKS, since: now - lifetime }
  const outcome = await store.passwordResets.insert(reset, { subject, epochs }, limit)
  // After the response: neither the time that sending takes nor its failure may tell whether the user exists.
  const sendOrLog = (): void => {
    if (!user) return
    if (outcome === 'open') void deliver(options, { ...request, user, subject, token, reset })
    else options.logger.log('warn', 'Password reset not sent', { requestId, sub: subject, reason: outcome })
  }
  runOutsideRequest(() => setImmediate(sendOrLog))
}

/** Returns a new link and its token. Times in milliseconds. */
export function draftResetLink(
  { provider, userId }: UserRef,
  now: number,
  lifetime: number,
): { readonly token: string; readonly reset: PasswordReset } {
  const token = randomBase64url(32)
  const times = { createdAt: now, expiresAt: now + lifetime, spentAt: null, voidedAt: null }
  return { token, reset: { hash: sha256(token), provider, userId, ...times } }
}

interface Delivery extends Pick<LinkRequest, 'requestId' | 'language'> {
  readonly user: BaseUser
  readonly subject: string
  readonly token: string
  readonly reset: PasswordReset
}

async function deliver(
  { send, urlOf, languageFor, events, logger, store, clock }: PasswordResetsOptions,
  { user, subject: sub, token, reset, requestId, language: requested }: Delivery,
): Promise<void> {
  const { provider, expiresAt, hash } = reset
  events.emit('password-reset.requested', { requestId, sub })
  try {
    const language = languageFor(user, requested)
    await send({ user, provider, token, url: urlOf(provider, token), expiresAt, language })
  } catch (thrown) {
    const cause = String(thrown).replaceAll(token, '[token]')
    logger.log('error', 'Password reset not sent', { requestId, sub, cause })
    // Does not count towards the user's limit then.
    await store.passwordResets.void(hash, clock.now()).catch(() => undefined)
  }
}

async function resetPassword(
  { userDirectory, revoke, subjectOf }: PasswordResetsOptions,
  { provider, userId }: PasswordReset,
  password: string,
  requestId: string,
): Promise<void> {
  const user = { provider, userId }
  const users = userDirectory.provider(provider)
  const cause = { by: 'user', reason: 'password_changed', requestId } as const
  const payload = { requestId, sub: subjectOf(user), by: 'reset' } as const
  const services = {
    users,
    revoke: (target: RevocationTarget) => revoke(target, cause, () => [['password.changed', payload]]),
    subjectOf,
  }
  await changePassword(services, user, password)
}
