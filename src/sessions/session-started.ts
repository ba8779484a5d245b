import type { Emission } from '../events.ts'
import type { Session } from '../model/session.ts'

/** Returns the event of a sign-in on a device. */
export const sessionStarted = (
  { id: sessionId, deviceName, methods }: Pick<Session, 'id' | 'deviceName' | 'methods'>,
  signIn: { readonly requestId: string; readonly sub: string; readonly address: string },
): Emission => ['session.started', { ...signIn, sessionId, deviceName, methods }]
