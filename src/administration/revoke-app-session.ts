import { randomUUID } from 'node:crypto'
import { ConfigError } from '../errors.ts'
import type { Services } from '../endpoints/services.ts'
import { randomId } from '../lib/hash.ts'
import type { Session } from '../model/session.ts'
import { NO_USER } from '../sessions/from-app.ts'
import { isAppSessionId, SESSION_ID_PROBLEM } from '../sessions/app-user.ts'

/** Revokes the sessions that depend on a session of the app. */
export async function revokeAppSession(
  services: Services,
  provider: string,
  sessionId: unknown,
): Promise<void> {
  if (!services.settings.appSessions.get(provider)?.current)
    throw new ConfigError([{ path: 'provider', message: 'has no appSession.current' }])
  if (!isAppSessionId(sessionId)) throw new ConfigError([{ path: 'sessionId', message: SESSION_ID_PROBLEM }])
  const { store, devices, appSessionCookies } = services
  const hashes = appSessionCookies.hashesOfId(provider, sessionId)
  const known = await store.sessions.listByAppSession(hashes)
  // Written before the sessions are listed: one that is inserted meanwhile is either listed, or finds this row. A live session
  // is revoked below, which stands for the same.
  if (known.every(({ revokedAt }) => revokedAt !== null))
    await store.sessions.insertRevoked(endedSession(services, provider, hashes[0]))
  const requestId = randomUUID()
  for (const session of await store.sessions.listByAppSession(hashes))
    if (session.revokedAt === null) await devices.end(session, 'app_session', requestId)
}

/** The row of an app session that is revoked before it was stored. It belongs to no user. */
function endedSession({ settings }: Services, provider: string, appSessionHash: string): Session {
  const [id, now] = [randomId(), settings.clock.now()]
  const times = { createdAt: now, authenticatedAt: now, lastSeenAt: now, expiresAt: now, revokedAt: now }
  return {
    ...times,
    id,
    provider,
    userId: NO_USER,
    cookieHash: `ended ${id}`,
    appSessionHash,
    deviceName: '',
    userAgent: '',
    address: '',
    issuerEpoch: 0,
    userEpoch: 0,
    isPersistent: false,
    methods: [],
  }
}
