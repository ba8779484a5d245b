import type { Emission } from '../events.ts'
import type { Clock } from '../lib/clock.ts'
import { toSessionInfo, type SessionInfo } from '../model/info.ts'
import type { RevocationEntry, RevokedBy, SessionEndReason } from '../model/revocation.ts'
import type { Session } from '../model/session.ts'
import type { UserRef } from '../model/subject.ts'
import type { Revoker } from '../revocations/revoker.ts'
import type { SessionStore } from '../store/sessions.ts'

/** A device on which a user is signed in: a session, without its cookie. */
export interface Device extends SessionInfo {
  /** Whether the request comes from it. */
  readonly isCurrent: boolean
}

/** Where a request to sign out comes from. */
export interface SignOutRequest {
  readonly requestId: string
  /** The session of the device that asks. */
  readonly currentId: string | undefined
}

/** The devices of users. Signing out twice is harmless. */
export interface Devices {
  /**
   * Lists the devices on which a user is signed in, last seen first. `lastSeenAt` is the last visit of a page or the last
   * refresh of a token, so it can be as old as an access token lives.
   */
  list(user: UserRef, currentId?: string): Promise<readonly Device[]>
  /** Returns one of the user's sessions, even if it is revoked or expired. The ID of another user's counts as unknown. */
  find(user: UserRef, id: string): Promise<Session | undefined>
  /** Signs out one of the user's devices. Returns whether it exists, signed out or not. */
  signOut(user: UserRef, id: string, request: SignOutRequest): Promise<boolean>
  /**
   * Signs out all of the user's devices but the current one, in one transaction, and returns how many. A device that signs in at the same time
   * may stay signed in. None that was signed in before does.
   */
  signOutOthers(user: UserRef, request: SignOutRequest): Promise<number>
  /** Signs out all of the user's devices, the current one included, and returns how many. */
  signOutAll(user: UserRef, request: SignOutRequest): Promise<number>
  /** Revokes a session, and announces it unless it was revoked before. */
  end(session: EndedSession, reason: SessionEndReason, requestId?: string): Promise<void>
}

type EndedSession = UserRef & Pick<Session, 'id'> & Partial<Pick<Session, 'revokedAt'>>

/** What the devices need. */
export interface DevicesOptions {
  readonly store: Pick<SessionStore, 'find' | 'listByUser'>
  readonly clock: Clock
  readonly revoker: Pick<Revoker, 'revoke' | 'revokeSessions'>
  readonly subjectOf: (user: UserRef) => string
}

/** Creates the devices of one server. */
export function createDevices({ store, clock, revoker, subjectOf }: DevicesOptions): Devices {
  const devices: Devices = {
    async list(user, currentId) {
      const sessions = await store.listByUser(user, clock.now())
      return sessions.map((session) => ({ ...toSessionInfo(session), isCurrent: session.id === currentId }))
    },
    async find(user, id) {
      const session = await store.find(id)
      return session && subjectOf(session) === subjectOf(user) ? session : undefined
    },
    async signOut(user, id, { requestId, currentId }) {
      const session = await devices.find(user, id)
      if (session) await devices.end(session, reasonFor(id === currentId), requestId)
      return session !== undefined
    },
    signOutOthers: (user, request) => endAll(user, request, request.currentId),
    signOutAll: (user, request) => endAll(user, request, undefined),
    async end(session, reason, requestId) {
      const sub = subjectOf(session)
      const cause = { by: BY[reason], reason, requestId }
      const payload = { requestId: requestId ?? null, sessionId: session.id, sub, reason }
      // Revoked again all the same: the first revocation may have failed after its transaction.
      await revoker.revoke({ kind: 'session', id: session.id, sub }, cause, () =>
        session.revokedAt ? [] : [['session.ended', payload]],
      )
    },
  }

  async function endAll(
    user: UserRef,
    { requestId, currentId }: SignOutRequest,
    except: string | undefined,
  ): Promise<number> {
    const sub = subjectOf(user)
    const reason = except === undefined ? 'sign_out' : 'signed_out_by_user'
    const ended = ({ subject: sessionId }: RevocationEntry): Emission => [
      'session.ended',
      { requestId, sessionId, sub, reason: reasonFor(sessionId === currentId) },
    ]
    const cause = { by: 'user', reason, requestId } as const
    const revoked = await revoker.revokeSessions(user, except, cause, (entries) => entries.map(ended))
    return revoked.length
  }
  return devices
}

const BY: Readonly<Record<SessionEndReason, RevokedBy>> = {
  sign_out: 'user',
  signed_out_by_user: 'user',
  max_sessions: 'server',
  app_session: 'app',
  replaced: 'user',
  revoked_by_app: 'app',
}

const reasonFor = (isCurrent: boolean): SessionEndReason => (isCurrent ? 'sign_out' : 'signed_out_by_user')
