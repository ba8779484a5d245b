import { auditAdministration, type AuditAdministration } from './audit.ts'
import { attempt, type AttemptTarget } from './attempt.ts'
import { clientAdministration, type ClientAdministration } from './clients.ts'
import { connectionAdministration, type ConnectionAdministration } from './connections.ts'
import { metricsAdministration, type MetricsAdministration } from './metrics.ts'
import { sessionAdministration, type SessionAdministration } from './sessions.ts'
import { tokenAdministration, type TokenAdministration } from './tokens.ts'
import { toUserRef, type UserLike } from './user.ts'
import { userAdministration, type UserAdministration } from './users.ts'
import type { AnyFieldsSchema, FieldsSchema } from '../clients/fields.ts'
import type { Settings } from '../config/settings.ts'
import type { Services } from '../endpoints/services.ts'
import type { Once } from '../lib/async.ts'
import { ConfigError } from '../errors.ts'
import { measureLoad } from '../jobs/load.ts'
import { purge, type PurgeOptions, type PurgeReport } from '../jobs/purge.ts'
import { toAuthorizationInfo, type AuthorizationInfo } from '../model/info.ts'
import {
  type CreatedPersonalToken,
  createPersonalTokenFor,
  type PersonalToken,
  type PersonalTokenRequest,
} from '../personal-tokens/personal-tokens.ts'
import type { AnyUser, BaseUser } from '../users/provider.ts'
import type { WebhookManagement } from '../webhooks/management.ts'
import { webhookAdministration } from './webhooks.ts'

/**
 * Manages clients, users' sessions and everything that was issued.
 *
 * Revocations take effect on this node immediately, and on other nodes and on guards of other services within
 * `revocations.pollInterval` (1 second). No returned value contains a secret, except where a method creates one.
 */
export interface Administration<
  Scope extends string = string,
  Main extends string = string,
  Other extends string = string,
  User extends BaseUser = AnyUser,
  Schema extends FieldsSchema = AnyFieldsSchema,
> {
  readonly clients: ClientAdministration<Schema>
  readonly authorizations: {
    /** Lists a user's active authorizations (connected apps and personal access tokens), newest first. */
    list(user: UserLike): Promise<readonly AuthorizationInfo[]>
    /** Revokes an authorization with its refresh token and access tokens. Returns whether it exists, revoked or not. */
    revoke(id: string): Promise<boolean>
    /** Disconnects an app, as `connections.disconnect` does. */
    disconnect(user: UserLike, clientId: string): Promise<void>
  }
  readonly connections: ConnectionAdministration
  readonly personalTokens: {
    /**
     * Creates a personal access token. It needs no client. `accessToken` is returned only here: it is not stored.
     *
     * @throws ConfigError with every problem of the request; if `personalTokens` is not configured; if the user is unknown
     * or disabled, or has 100 tokens
     */
    create(user: UserLike, request: PersonalTokenRequest<Scope>): Promise<CreatedPersonalToken>
    /** Lists a user's active personal access tokens, newest first. */
    list(user: UserLike): Promise<readonly PersonalToken[]>
    /** Revokes a personal access token. Returns whether it exists, revoked or not. */
    revoke(id: string): Promise<boolean>
  }
  readonly sessions: SessionAdministration<Scope, Main, Other, User>
  readonly users: UserAdministration
  readonly tokens: TokenAdministration
  readonly audit: AuditAdministration
  readonly metrics: MetricsAdministration
  readonly webhooks: WebhookManagement
  /**
   * Runs a check of your app that can be guessed, such as a code from an email, and counts the failures: per account from
   * any address (10 in 15 minutes by default), and per address (60 a minute). They count together with those of our own
   * pages. An attempt counts before it is checked, so that parallel guesses cannot exceed the limit.
   *
   * If `check` returns undefined, null or false, the guess was wrong. Any other result was correct, and the account's
   * failures are forgotten. The result is returned. What `check` throws is thrown, and not counted.
   *
   * @throws OAuthError `too_many_requests` with status 429 and `Retry-After` in its `headers`, before `check` is called
   */
  attempt<Result>(target: AttemptTarget, check: () => Promise<Result>): Promise<Result>
  /**
   * Deletes expired and revoked rows that no valid token depends on, in small batches. Never deletes clients, users or
   * consents. The server runs it every hour, unless the configuration has `purge: 'manual'`.
   *
   * @throws ConfigError if `hours` is not a number of at least 0
   */
  purge(options?: PurgeOptions): Promise<PurgeReport>
}

/**
 * Creates the administration of a server. Each method starts the server if necessary. `User` is what the default provider
 * returns.
 */
export function createAdministration<User extends BaseUser, Schema extends FieldsSchema>(
  start: Once<Services>,
  settings: Settings,
): Administration<string, string, string, User, Schema> {
  return {
    // The schema is untyped at run time, and so is the provider. Their types come from the configuration.
    clients: clientAdministration(
      start,
    ) as ClientAdministration<FieldsSchema> as ClientAdministration<Schema>,
    authorizations: authorizationAdministration(start),
    connections: connectionAdministration(start),
    personalTokens: personalTokenAdministration(start),
    sessions: sessionAdministration(start, settings) as SessionAdministration<string, string, string, User>,
    users: userAdministration(start),
    tokens: tokenAdministration(start),
    audit: auditAdministration(start),
    metrics: metricsAdministration(start),
    webhooks: webhookAdministration(start),
    attempt: async (target, check) => attempt(await start(), target, check),
    async purge(options) {
      const { store, settings, events } = await start()
      return purge({ ...settings, store: store.purge, events, load: measureLoad() }, options)
    },
  }
}

const REVOKED_BY_APP = { by: 'app', reason: 'authorization_revoked' } as const

function authorizationAdministration(start: () => Promise<Services>): Administration['authorizations'] {
  const list = async (user: UserLike): Promise<readonly AuthorizationInfo[]> => {
    const services = await start()
    const { store, settings } = services
    const found = await store.authorizations.listByUser(toUserRef(services, user), settings.clock.now())
    return found.map(toAuthorizationInfo)
  }
  const revoke = async (id: string): Promise<boolean> =>
    (await (await start()).revoker.revoke({ kind: 'authorization', id }, REVOKED_BY_APP)) !== undefined
  return {
    list,
    revoke,
    async disconnect(user, clientId) {
      const services = await start()
      await services.connections.disconnect(toUserRef(services, user), clientId, { by: 'app' })
    },
  }
}

function personalTokenAdministration(start: () => Promise<Services>): Administration['personalTokens'] {
  return {
    async create(user, request) {
      const services = await start()
      if (services.settings.personalTokens)
        return createPersonalTokenFor(services, toUserRef(services, user), request)
      throw new ConfigError([
        { path: 'personalTokens', message: 'is not configured. Write personalTokens: {} to turn them on' },
      ])
    },
    async list(user) {
      const services = await start()
      return services.personalTokens.list(toUserRef(services, user))
    },
    revoke: async (id) => (await start()).personalTokens.revoke(id),
  }
}
