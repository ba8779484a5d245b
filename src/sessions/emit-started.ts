import type { Events } from '../events.ts'
import type { Session } from '../model/session.ts'

/** Emits `session.started` for a sign-in on a device. */
export function emitStarted(
  events: Pick<Events, 'emit'>,
  { id: sessionId, deviceName, methods }: Pick<Session, 'id' | 'deviceName' | 'methods'>,
  signIn: { readonly requestId: string; readonly sub: string; readonly address: string },
): void {
  events.emit('session.started', { ...signIn, sessionId, deviceName, methods })
}
