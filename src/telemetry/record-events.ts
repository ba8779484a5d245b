import type { EventMap } from '../event-map.ts'
import type { Events } from '../events.ts'
import type { MetricRecorder } from './metrics.ts'

/** Records the metrics of events. */
export function recordEvents(events: Pick<Events, 'on'>, { record }: MetricRecorder): void {
  events.on('request.refused', ({ code }) => record('refusals', { code }))
  events.on('token.issued', ({ grantType }) => record('tokens', { grant_type: grantType }))
  events.on('token.refreshed', ({ isRepeated }) => record('refreshes', { repeated: String(isRepeated) }))
  events.on('session.started', () => record('signIns', {}))
  events.on('sign-in.failed', ({ reason }) => record('signInFailures', { reason }))
  events.on('sign-in.throttled', () => record('signInFailures', { reason: 'throttled' }))
  events.on('consent.given', () => record('consents', { answer: 'given' }))
  events.on('consent.denied', () => record('consents', { answer: 'denied' }))
  events.on('revocation.written', ({ reason, entry: { kind } }) => record('revocations', { kind, reason }))
  events.on('replay.detected', ({ credential }) => record('replays', { credential }))
  for (const name of CLIENT_CHANGES)
    events.on(name, () => record('clientChanges', { change: name.replace('client.', '') }))
  events.on('purge.completed', ({ counts }) => {
    for (const [kind, count] of Object.entries(counts)) record('purgedRows', { kind }, count)
  })
}

const CLIENT_CHANGES = [
  'client.created',
  'client.updated',
  'client.secret-rotated',
  'client.revoked',
] as const satisfies readonly (keyof EventMap)[]
