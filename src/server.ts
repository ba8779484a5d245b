import { startServices } from './assembly.ts'
import { ConfigError } from './errors.ts'
import { createAdministration, type Administration } from './administration/administration.ts'
import type { AnyFieldsSchema, FieldsSchema } from './clients/fields.ts'
import type { Config } from './config/config.ts'
import { describeScopes } from './endpoints/descriptions.ts'
import { createAppPages, type AppPages } from './endpoints/app-pages.ts'
import { createHealth, type Health } from './endpoints/health.ts'
import { challengeMetadataUrl, metadataOf } from './endpoints/oauth/resource-metadata.ts'
import { pathsOf } from './endpoints/paths.ts'
import { createRouter } from './endpoints/router.ts'
import { routesOf, type Route } from './endpoints/routes.ts'
import type { Services } from './endpoints/services.ts'
import { createEvents, type Events } from './events.ts'
import type { AnyClaims } from './guard/auth.ts'
import { createAudiences } from './guard/audiences.ts'
import { createGuards, type GuardCore, type Guards, type GuardsByProvider } from './guard/request-guards.ts'
import { fromRequest, toResponse } from './lib/fetch.ts'
import { locationOf, type AnyRequest } from './lib/location.ts'
import { NOT_FOUND, type HttpResponse, type HttpRequest } from './lib/http.ts'
import { runOutsideRequest } from './lib/database-wait.ts'
import { once, type Once } from './lib/async.ts'
import { preferredLanguages } from './lib/language.ts'
import type { Logger } from './lib/log.ts'
import { resolveSettings, type Settings } from './config/settings.ts'
import { EVERY_SCOPE } from './model/scope.ts'
import { isSameResource, type ProtectedResource, type ResourceMetadata } from './model/resource.ts'
import type { AnyUser, BaseUser } from './users/provider.ts'
import { createCheck, createHandler } from './wait-for-start.ts'
import { openOutbox } from './webhooks/outbox.ts'

/**
 * An OAuth 2 authorization server. Mount it with an adapter (`toNode(server).routes()` from `consulate/node`) or call
 * `fetch`, guard your own API with `user`, `machine` and `anyone`, and manage it with `clients`, `sessions` and so on.
 *
 * It starts with the first request or call. While it cannot start, its endpoints and guards answer 503.
 *
 * `User` is the type that the default user provider returns, `Claims` what `tokenClaims` returns,
 * and `Schema` the schema of the clients' own fields.
 */
export interface AuthorizationServer<
  Scope extends string = string,
  Main extends string = string,
  Other extends string = string,
  User extends BaseUser = AnyUser,
  Claims extends object = AnyClaims,
  Schema extends FieldsSchema = AnyFieldsSchema,
>
  extends
    Administration<Scope, Main, Other, User, Schema>,
    Guards<Scope, Main, Claims>,
    GuardsByProvider<Scope, Main | Other, Claims> {
  /** The issuer from the configuration. */
  readonly issuer: string
  /** The IDs of all scopes in the configuration, without `*`. */
  readonly scopes: readonly Scope[]
  /**
   * Returns these scopes with their descriptions, without unknown ones and `*`. `languages` are language tags (BCP 47), the
   * preferred one first. Default: English, or else the first language of each description.
   */
  scopesFor(ids: readonly string[], options?: ScopesForOptions): readonly DescribedScope<Scope>[]
  /** Returns whether a scope is defined. True for `*`, which stands for all of them. */
  hasScope(id: string): id is Scope | typeof EVERY_SCOPE
  /**
   * Answers a request to one of the server's endpoints, for runtimes with `Request` and `Response`. Any other path gets
   * 404. Pass the IP address of the connection as `peer`: failures are limited per address.
   */
  fetch(request: Request, connection?: { readonly peer?: string }): Promise<Response>
  /** The server's endpoints, with their paths and methods. */
  readonly routes: readonly Route[]
  /**
   * Returns the metadata of a resource (RFC 9728 section 2), for a resource on another origin than the issuer: serve it there
   * at `/.well-known/oauth-protected-resource`, followed by the resource's path. On its own origin the server does that.
   *
   * @throws ConfigError if `resources` does not have it
   */
  resourceMetadata(resource: string): ResourceMetadata
  /**
   * Returns whether a request is for one of the server's endpoints: a Fetch `Request`, a request of `node:http` or of a
   * framework, or a path. The method doesn't matter.
   */
  handles(request: AnyRequest | string): boolean
  /**
   * Adds a listener for an event of `EventMap`. Returns a function that removes it. Events are local to this process.
   *
   * @throws ConfigError for an unknown event
   */
  readonly on: Events['on']
  /**
   * Starts the server: loads the secrets, applies migrations and reads the revocations. Call it at startup to fail early;
   * otherwise the first request does it.
   *
   * @throws ConfigError if secrets, tables or users are not usable
   */
  ready(): Promise<void>
  /** Returns whether the server can answer requests, and what is wrong otherwise. Starts it. Takes at most 2 seconds. */
  health(): Promise<Health>
  /**
   * Announces that the process will stop: from now on the readiness check answers 503, and everything else works as before.
   * Call it on SIGTERM, and `close` once the load balancer sends no more requests.
   */
  drain(): void
  /** Stops the server: writes what is pending and closes the store. */
  close(): Promise<void>
  /** The pages that your app draws. */
  readonly pages: AppPages
  /** The server without a framework, for adapters. */
  readonly core: Core
}

/** Options of `scopesFor`. */
export interface ScopesForOptions {
  /** Language tags (BCP 47), the preferred one first. Malformed ones are ignored. */
  readonly languages?: readonly string[]
}

/** A scope with its description. */
export interface DescribedScope<Scope extends string = string> {
  readonly id: Scope
  readonly description: string
  /** The language of the description (BCP 47), if the configuration names it. */
  readonly lang?: string
}

/** What an adapter mounts: the endpoints and the guards. */
export interface Core extends GuardCore {
  /** Answers a request, or returns undefined if the path is not one of the server's. Never throws or rejects. */
  handle(request: HttpRequest): Promise<HttpResponse> | undefined
  /** The logger of the server. */
  readonly logger: Logger
}

/** A server, and what test servers need from its inside. */
export interface OpenServer<Server> {
  readonly server: Server
  readonly start: Once<Services>
  readonly settings: Settings
}

/**
 * Creates an authorization server. Nothing is read or opened until it starts.
 *
 * @throws ConfigError with every problem of the configuration, each with the path of its option
 */
export function createAuthorizationServer<
  const Scope extends string,
  User extends BaseUser,
  const Main extends string = 'users',
  const Other extends string = never,
  Claims extends object = AnyClaims,
  Schema extends FieldsSchema = AnyFieldsSchema,
>(
  config: Config<Scope, User, Main, Other, Claims, Schema>,
): AuthorizationServer<Scope, Main, Other, User, Claims, Schema> {
  return openServer(config).server
}

/** Creates a server whose guards check requests with what `wrap` returns. Only for `consulate/testing`. */
export function openServer<
  Scope extends string,
  User extends BaseUser,
  Main extends string,
  Other extends string,
  Claims extends object = AnyClaims,
  Schema extends FieldsSchema = AnyFieldsSchema,
>(
  config: Config<Scope, User, Main, Other, Claims, Schema>,
  wrap: (check: GuardCore['check']) => GuardCore['check'] = (check) => check,
): OpenServer<AuthorizationServer<Scope, Main, Other, User, Claims, Schema>> {
  const untyped = (config ?? {}) as unknown as Config
  const settings = resolveSettings(untyped)
  const router = createRouter(settings)
  const outbox = openOutbox(settings, untyped.store)
  const events = createEvents(settings.logger, outbox)
  const start = once(() => startServices(settings, untyped, { events, outbox }))
  const health = createHealth({ start, logger: settings.logger })
  const shared = {
    check: wrap(createCheck(start, settings.logger)),
    scopes: [...settings.scopes.defined],
    isInherited: settings.scopes.isInherited,
    logger: settings.logger,
    canBeStrict: true,
    audiences: createAudiences({
      resources: settings.protectedResources,
      metadataUrlOf: (uri) => challengeMetadataUrl(settings, uri),
    }),
  }
  const guards = createGuards<Scope, Main, Claims>(shared, settings.provider as Main)
  const core: Core = {
    ...guards.core,
    handle: createHandler({
      start,
      router,
      health,
      waitLimit: untyped.store.waitLimit,
      logger: settings.logger,
    }),
    logger: settings.logger,
  }
  const server: AuthorizationServer<Scope, Main, Other, User, Claims, Schema> = {
    ...createAdministration<User, Schema>(start, settings),
    ...guards,
    for(provider) {
      if (settings.providers.includes(provider)) return createGuards(shared, provider)
      throw new ConfigError([
        {
          path: 'providers',
          message: `has no ${JSON.stringify(provider)}, only ${settings.providers.join(', ')}`,
        },
      ])
    },
    issuer: settings.issuer,
    ...createScopes<Scope>(settings),
    routes: routesOf(settings),
    resourceMetadata: (resource) => metadataOf(settings, findProtectedResource(settings, resource)),
    handles: (request) => router.find(locationOf(request)) !== undefined,
    health,
    pages: createAppPages(pathsOf(settings).page, core.handle),
    core,
    // Not in `events`: the listeners of the server itself call no database, and run for every token.
    on: (name, listener) => events.on(name, (payload) => runOutsideRequest(() => listener(payload))),
    async fetch(request, { peer = '' } = {}) {
      return toResponse((await core.handle(fromRequest(request, peer))) ?? NOT_FOUND)
    },
    async ready() {
      await start()
    },
    drain: health.drain,
    async close() {
      const services = await start.current()?.catch(() => undefined)
      await services?.close()
      await untyped.store.close()
    },
  }
  return { server, start, settings }
}

function createScopes<Scope extends string>(
  settings: Settings,
): Pick<AuthorizationServer<Scope>, 'scopes' | 'scopesFor' | 'hasScope'> {
  const { defined } = settings.scopes
  return {
    scopes: Object.freeze([...defined] as Scope[]),
    scopesFor(ids, { languages = [] } = {}) {
      const known = ids.filter((id): id is Scope => defined.has(id))
      return describeScopes(known, settings, preferredLanguages(languages.join(' ')))
    },
    hasScope: (id): id is Scope | typeof EVERY_SCOPE => id === EVERY_SCOPE || defined.has(id),
  }
}

function findProtectedResource({ protectedResources }: Settings, resource: string): ProtectedResource {
  const found = protectedResources.find(({ uri }) => isSameResource(uri, resource))
  if (found) return found
  const known = protectedResources.map(({ uri }) => uri).join(', ')
  throw new ConfigError([{ path: 'resources', message: `has no ${JSON.stringify(resource)}, only ${known}` }])
}
