import { ConfigError } from '../errors.ts'
import type { Clock } from '../lib/clock.ts'
import type { Authorization } from '../model/authorization.ts'
import { isFirstParty, isReservedClientId, type Client } from '../model/client.ts'
import { allowedAccess } from '../model/consent.ts'
import type { UserRef } from '../model/subject.ts'
import type { Revoker } from '../revocations/revoker.ts'
import type { Connection } from '../store/connections.ts'
import type { Store } from '../store/contract.ts'

/** An app that has access to a user's account, or may get it again without asking. Times in milliseconds since 1970. */
export interface ConnectedApp {
  readonly client: ConnectedClient
  /** What it may do: the scopes of its active authorizations and of the consent. `*` stands for every scope. */
  readonly scopes: readonly string[]
  /** The APIs that the access is for (RFC 8707). Empty for the default audience alone. */
  readonly resources: readonly string[]
  /** When the user first allowed it. */
  readonly connectedAt: number
  /** When it last got or refreshed a token. Null if that was before its expired authorizations were purged, or never. */
  readonly lastUsedAt: number | null
  /** How many active authorizations it has. With 0, its tokens have expired, but the consent is remembered. */
  readonly authorizations: number
}

/** What a connected app shows of its client. Third parties write it themselves. */
export interface ConnectedClient extends Pick<
  Client,
  'id' | 'name' | 'logo' | 'homepage' | 'privacy' | 'terms' | 'publisher'
> {
  /** Whether it belongs to someone other than the issuer. */
  readonly isThirdParty: boolean
}

/** An authorization with its client. */
export interface ConnectedAuthorization {
  readonly authorization: Authorization
  readonly client: ConnectedClient
}

/** The apps that are connected to users' accounts. Personal access tokens and sign-ins are not apps. */
export interface Connections {
  /** Lists the apps of a user, last used first. Takes three queries for up to 500 apps. */
  list(user: UserRef): Promise<readonly ConnectedApp[]>
  /** Lists the active authorizations of third-party clients, newest first: at most `limit`. */
  listAuthorizations(user: UserRef, limit: number): Promise<readonly ConnectedAuthorization[]>
  /**
   * Revokes one authorization of a third-party client. Returns whether the user has it, revoked or not: that of another
   * user, a personal access token or a sign-in counts as unknown.
   */
  revoke(user: UserRef, id: string, requestId: string): Promise<boolean>
  /**
   * Disconnects an app: revokes everything that the user has allowed the client, and forgets the consent. Returns whether
   * there was anything to revoke: for `personal-access` and `sign-in`, which are not apps, there never is.
   *
   * @throws ConfigError if the client ID is not a non-empty string
   */
  disconnect(user: UserRef, clientId: string, actor: DisconnectActor): Promise<boolean>
}

/** Who disconnects an app, and in which request, if there is one. */
export interface DisconnectActor {
  readonly by: 'user' | 'app' | 'command_line'
  readonly requestId?: string | undefined
}

/** What the connections need. */
export interface ConnectionsOptions {
  readonly store: Pick<Store, 'connections' | 'clients' | 'authorizations'>
  readonly clock: Clock
  /** The default audience. */
  readonly audience: string
  readonly revoker: Pick<Revoker, 'revoke' | 'disconnect'>
  readonly subjectOf: (user: UserRef) => string
}

/** Creates the connected apps of one server. */
export function createConnections(options: ConnectionsOptions): Connections {
  const { store, clock, audience, revoker, subjectOf } = options
  const findClients = async (ids: readonly string[]): Promise<ReadonlyMap<string, Client>> => {
    const clients = await store.clients.findMany([...new Set(ids)])
    return new Map(clients.map((client) => [client.id, client]))
  }
  return {
    async list(user) {
      const connections = await store.connections.list(user, clock.now())
      const clients = await findClients(connections.map(({ clientId }) => clientId))
      return connections
        .flatMap((connection) => {
          const client = clients.get(connection.clientId)
          return client ? [toConnectedApp(connection, client, audience)] : []
        })
        .toSorted(byLastUse)
    },
    async listAuthorizations(user, limit) {
      const found = await store.connections.listAuthorizations(user, clock.now(), limit)
      const clients = await findClients(found.map(({ clientId }) => clientId))
      return found.flatMap((authorization) => {
        const client = clients.get(authorization.clientId)
        return client ? [{ authorization, client: toConnectedClient(client) }] : []
      })
    },
    async revoke(user, id, requestId) {
      const authorization = await store.authorizations.find(id)
      if (!authorization || subjectOf(authorization) !== subjectOf(user)) return false
      const client = await store.clients.find(authorization.clientId)
      if (!client || isFirstParty(client)) return false
      const cause = { by: 'user', reason: 'authorization_revoked', requestId } as const
      await revoker.revoke({ kind: 'authorization', id, sub: subjectOf(user) }, cause)
      return true
    },
    async disconnect(user, clientId, { by, requestId }) {
      checkClientId(clientId)
      if (isReservedClientId(clientId)) return false
      const cause = { by, reason: 'app_disconnected', requestId } as const
      const payload = { requestId: requestId ?? null, clientId, sub: subjectOf(user), by } as const
      const { wasConnected } = await revoker.disconnect(user, clientId, cause, (disconnection) =>
        disconnection.wasConnected ? [['app.disconnected', payload]] : [],
      )
      return wasConnected
    },
  }
}

/** From JavaScript, an unknown ID would disconnect nothing, silently. */
function checkClientId(clientId: unknown): void {
  if (typeof clientId === 'string' && clientId !== '') return
  throw new ConfigError([{ path: 'clientId', message: 'must be a non-empty string' }])
}

function toConnectedApp(connection: Connection, client: Client, audience: string): ConnectedApp {
  const { connectedAt, lastUsedAt, authorizations } = connection
  const { scopes, resources } = allowedAccess(connection.grants, connection.consent, audience)
  return {
    client: toConnectedClient(client),
    scopes,
    resources,
    connectedAt,
    lastUsedAt,
    authorizations,
  }
}

const toConnectedClient = (client: Client): ConnectedClient => {
  const { id, name, logo, homepage, privacy, terms, publisher } = client
  return { id, name, logo, homepage, privacy, terms, publisher, isThirdParty: !isFirstParty(client) }
}

const timeOf = ({ lastUsedAt, connectedAt }: ConnectedApp): number => lastUsedAt ?? connectedAt

const byLastUse = (one: ConnectedApp, other: ConnectedApp): number =>
  timeOf(other) - timeOf(one) || (one.client.id < other.client.id ? -1 : 1)
