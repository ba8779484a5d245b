import type { EventMap } from '../event-map.ts'
import type { Events } from '../events.ts'
import type { Clock } from '../lib/clock.ts'
import type { AuditedEvent, AuditEntry } from '../store/audit.ts'

type EntryFields = Partial<AuditEntry> & Pick<AuditEntry, 'detail'>

const FAILURES: Readonly<Record<EventMap['sign-in.failed']['reason'], string>> = {
  unknown_user: 'no such user',
  wrong_password: 'wrong password, or signed out everywhere meanwhile',
}

const onClient =
  (detail: string) =>
  ({ clientId, sub, by }: EventMap['client.created']): EntryFields => ({ clientId, sub, by, detail })

const listed = (values: readonly string[]): string => values.join(' ') || 'none'

/** Converts the payload of each event. */
const CONVERTERS: { readonly [Name in keyof EventMap]: (payload: EventMap[Name]) => EntryFields } = {
  'token.issued': ({ grantType, clientId, sub, jti, scopes }) => ({
    clientId,
    sub,
    detail: `${grantType}: token ${jti} with the scopes ${listed(scopes)}`,
  }),
  'token.refreshed': ({ authorizationId, clientId, sub, generation, isRepeated }) => ({
    clientId,
    sub,
    detail: `authorization ${authorizationId}, generation ${generation}${isRepeated ? ', repeated' : ''}`,
  }),
  'authorization.created': ({ authorizationId, clientId, sub, sessionId }) => ({
    clientId,
    sub,
    detail: `authorization ${authorizationId}${sessionId === null ? '' : ` in session ${sessionId}`}`,
  }),
  'personal-token.created': ({ authorizationId, sub, by, name, scopes }) => ({
    sub,
    by,
    detail: `"${name}" (${authorizationId}) with the scopes ${listed(scopes)}`,
  }),
  'personal-token.revoked': ({ authorizationId, sub, by, name }) => ({
    sub,
    by,
    detail: `"${name}" (${authorizationId})`,
  }),
  'revocation.written': ({ by, reason, entry: { kind, subject, sub, epoch } }) => ({
    by,
    ...(kind === 'client' && { clientId: subject }),
    sub: kind === 'user' ? subject : sub,
    detail: `${reason}: ${[kind, subject].filter(Boolean).join(' ')}${epoch > 0 ? ` before epoch ${epoch}` : ''}`,
  }),
  'replay.detected': ({ credential, authorizationId, clientId }) => ({
    clientId,
    detail: `a ${credential.replace('_', ' ')} was used again: authorization ${authorizationId} was revoked`,
  }),
  'refresh.ahead': ({ authorizationId, from, to }) => ({
    detail: `authorization ${authorizationId} was at generation ${from} and moved to ${to}: the database is older than the refresh token`,
  }),
  'session.started': ({ sessionId, sub, address, deviceName, methods }) => ({
    sub,
    address,
    detail: `session ${sessionId} on ${deviceName} (${methods.join(', ') || 'method unknown'})`,
  }),
  'session.ended': ({ sessionId, sub, reason }) => ({ sub, detail: `${reason}: session ${sessionId}` }),
  'device.new': ({ sessionId, sub, deviceName, address }) => ({
    sub,
    address,
    detail: `${deviceName}, in session ${sessionId}`,
  }),
  'password-reset.requested': ({ sub }) => ({ sub, detail: 'a link is being sent' }),
  'password.changed': ({ sub, by }) => ({ sub, by, detail: 'password changed' }),
  'sign-in.failed': ({ sub, address, reason }) => ({ sub, address, detail: FAILURES[reason] }),
  'sign-in.throttled': ({ address, retryAfter }) => ({
    address,
    detail: `too many failures: blocked for ${retryAfter} more seconds`,
  }),
  'user.forgotten': ({ sub }) => ({
    sub,
    by: 'app',
    detail: 'everything of the user was revoked or deleted',
  }),
  'consent.given': ({ clientId, sub, scopes, resources }) => ({
    clientId,
    sub,
    detail: `scopes: ${listed(scopes)}${resources.length > 0 ? `, for ${resources.join(' ')}` : ''}`,
  }),
  'consent.denied': ({ clientId, sub }) => ({ clientId, sub, detail: 'the user allowed nothing' }),
  'app.disconnected': ({ clientId, sub, by }) => ({ clientId, sub, by, detail: 'app disconnected' }),
  'client.created': onClient('client created'),
  'client.updated': onClient('client updated'),
  'client.secret-rotated': onClient('secret rotated'),
  'client.revoked': onClient('client revoked'),
  'keys.changed': ({ kid, secretId }) => ({
    by: 'server',
    detail: `a node loaded the signing key ${kid} and the root secret ${secretId}`,
  }),
  'purge.completed': ({ counts, isComplete, duration }) => ({
    detail: `${describeCounts(counts)} in ${duration} ms${isComplete ? '' : ', stopped before its end'}`,
  }),
  'request.refused': ({ status, code, path, clientId, sub, address, detail }) => ({
    status,
    code,
    path,
    clientId,
    sub,
    address,
    detail,
  }),
}

const describeCounts = (counts: Readonly<Record<string, number>>): string =>
  `deleted ${
    Object.entries(counts)
      .filter(([, count]) => count > 0)
      .map(([kind, count]) => `${count} ${kind}`)
      .join(', ') || 'nothing'
  }`

const EMPTY = {
  by: null,
  status: null,
  code: null,
  path: null,
  clientId: null,
  sub: null,
  address: null,
} as const

const MAX_TEXT_LENGTH = 1_000

/** Longer than any address, but a proxy can pass on what a client has made up. Databases search for it by an index. */
const MAX_ADDRESS_LENGTH = 255

/** Converts an event to an entry of the audit log. */
function entryOf<Name extends keyof EventMap>(event: Name, payload: EventMap[Name], at: number): AuditEntry {
  return createEntry(event, at, { requestId: payload.requestId, ...CONVERTERS[event](payload) })
}

/** Calls `add` with an entry for each of these events. Returns functions that stop it. */
export const listenForEntries = (
  events: Pick<Events, 'on'>,
  names: readonly (keyof EventMap)[],
  clock: Clock,
  add: (entry: AuditEntry) => void,
): readonly (() => void)[] =>
  names.map((name) => events.on(name, (payload) => add(entryOf(name, payload, clock.now()))))

/** Creates an entry without control characters: they can forge terminal output, and some databases reject NUL. */
export function createEntry(event: AuditedEvent, at: number, fields: EntryFields): AuditEntry {
  const { path = null, address = null, detail } = fields
  return {
    at,
    requestId: null,
    event,
    ...EMPTY,
    ...fields,
    path: path && printable(path),
    address: address && printable(address).slice(0, MAX_ADDRESS_LENGTH),
    detail: printable(detail),
  }
}

const printable = (text: string): string => text.slice(0, MAX_TEXT_LENGTH).replaceAll(/\p{C}/gu, '\ufffd')
