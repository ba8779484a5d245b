import type { Authorization } from './authorization.ts'
import type { Client } from './client.ts'
import type { Session } from './session.ts'

// What the app receives of a record, and may send to a browser. The fields are listed one by one, so that a secret which
// is added to a record later does not leave the server.

const CLIENT_FIELDS = [
  'id',
  'name',
  'type',
  'redirectUris',
  'grantTypes',
  'scopes',
  'provider',
  'logo',
  'homepage',
  'privacy',
  'terms',
  'publisher',
  'ownerId',
  'isThirdParty',
  'requiresPkce',
  'skipsConsent',
  'endsWithSession',
  'followsRevocations',
  'introspects',
  'graceWindow',
  'accessTokenLifetime',
  'refreshTokenLifetime',
  'refreshTokenMaximumLifetime',
  'createdAt',
  'revokedAt',
] as const

const SESSION_FIELDS = [
  'id',
  'provider',
  'userId',
  'deviceName',
  'userAgent',
  'address',
  'createdAt',
  'authenticatedAt',
  'methods',
  'lastSeenAt',
  'expiresAt',
] as const

const AUTHORIZATION_FIELDS = [
  'id',
  'provider',
  'userId',
  'clientId',
  'sessionId',
  'scopes',
  'resources',
  'name',
  'createdAt',
  'lastUsedAt',
  'expiresAt',
] as const

/** A registered client, without the hashes of its secrets. Times in milliseconds since 1970. */
export interface ClientInfo<Fields extends object = Readonly<Record<string, unknown>>> extends Pick<
  Client,
  (typeof CLIENT_FIELDS)[number]
> {
  /** Your own fields, as the schema `clientFields` of the configuration reads them. */
  readonly fields: Fields
}

/** A session: one sign-in on one device, without its cookie. Times in milliseconds since 1970. */
export interface SessionInfo extends Pick<Session, (typeof SESSION_FIELDS)[number]> {}

/** What a user has allowed a client, without anything of its tokens. Times in milliseconds since 1970. */
export interface AuthorizationInfo extends Pick<Authorization, (typeof AUTHORIZATION_FIELDS)[number]> {}

/** Returns what the app receives of a client. `fields` reads its own fields. */
export const toClientInfo = (
  client: Client,
  fields: { read(stored: Client['fields']): ClientInfo['fields'] },
): ClientInfo => ({ ...pick(client, CLIENT_FIELDS), fields: fields.read(client.fields) })

export const toSessionInfo = (session: SessionInfo): SessionInfo => pick(session, SESSION_FIELDS)

export const toAuthorizationInfo = (authorization: Authorization): AuthorizationInfo =>
  pick(authorization, AUTHORIZATION_FIELDS)

const pick = <Row extends object, Name extends keyof Row>(
  row: Row,
  names: readonly Name[],
): Pick<Row, Name> => Object.fromEntries(names.map((name) => [name, row[name]])) as Pick<Row, Name>
