import { startServices } from './assembly.ts'
import { ConfigError } from './errors.ts'
import { createAdministration, type Administration } from './administration.ts'
import type { Config } from './config/config.ts'
import type { Endpoint } from './endpoints/endpoint.ts'
import { handle } from './endpoints/handle.ts'
import { createHealth, type Health } from './endpoints/health.ts'
import { probesOf } from './endpoints/probes.ts'
import { createEndpoints, findEndpoint, routesOf, type Route } from './endpoints/routes.ts'
import type { Services } from './endpoints/services.ts'
import { createEvents, type Events } from './events.ts'
import { createBearerGuard, type BearerGuard } from './guard/guard.ts'
import { unavailable } from './guard/refusal.ts'
import { createGuards, type GuardCore, type Guards, type GuardsByProvider } from './guard/request-guards.ts'
import { fromRequest, toResponse } from './lib/fetch.ts'
import { json, type HttpResponse, type HttpRequest } from './lib/http.ts'
import { once } from './lib/async.ts'
import type { Logger } from './lib/log.ts'
import { resolveSettings, type Settings } from './config/settings.ts'
import type { BaseUser } from './users/provider.ts'

/** An OAuth 2 authorization server. */
export interface AuthorizationServer<
  Scope extends string = string,
  Main extends string = string,
  Other extends string = string,
>
  extends Administration<Scope>, Guards<Scope, Main>, GuardsByProvider<Scope, Main | Other> {
  readonly issuer: string
  /** Answers a request to one of the server's endpoints; 404 for any other path. `peer` is the address it came from. */
  fetch(request: Request, from?: { readonly peer?: string }): Promise<Response>
  /** The server's endpoints. */
  readonly routes: readonly Route[]
  /** Hears what happens: see `EventMap`. */
  readonly on: Events['on']
  /** Reads the secrets, sees to the tables. The first request does it otherwise. Throws `ConfigError`. */
  ready(): Promise<void>
  /** How the server stands: whether it could answer requests, and what is amiss. Starts it; answers within two seconds. */
  health(): Promise<Health>
  /** Ends what is open: the feed and the store. */
  close(): Promise<void>
  /** For adapters: the same as `fetch` and the guards, without a framework's types. */
  readonly core: Core
}

/** What an adapter builds on. */
export interface Core extends GuardCore {
  /** Undefined, at once, where the path is none of the server's. Never throws. */
  handle(request: HttpRequest): Promise<HttpResponse> | undefined
}

/**
 * Makes an authorization server.
 *
 * @throws ConfigError with every problem of the configuration at once, each with its option's path
 */
export function createAuthorizationServer<
  const Scope extends string,
  User extends BaseUser,
  const Main extends string = 'users',
  const Other extends string = never,
>(config: Config<Scope, User, Main, Other>): AuthorizationServer<Scope, Main, Other> {
  const untyped = (config ?? {}) as unknown as Config
  const settings = resolveSettings(untyped)
  const events = createEvents(settings.logger)
  const table = tableOf(settings)
  const started = once(async (): Promise<Running> => {
    const services = await startServices(settings, untyped, events)
    return { services, guard: guardOf(services) }
  })
  const start = (): Promise<Running | undefined> =>
    started().catch((cause: unknown) => notStarted(settings.logger, cause))
  const answer = async (endpoint: Endpoint, request: HttpRequest): Promise<HttpResponse> => {
    const running = started.result() ?? (await start())
    return running ? handle(endpoint, running.services, request) : NOT_STARTED
  }
  const probes = new Map(probesOf(settings).map((probe) => [probe.path, probe]))
  const health = createHealth({ start: async () => (await started()).services, logger: settings.logger })
  const check: GuardCore['check'] = (authorization, requirement) => {
    const running = started.result()
    if (running) return running.guard.check(authorization, requirement)
    return start().then((late) => late?.guard.check(authorization, requirement) ?? unavailable())
  }
  const base = { check, scopes: [...settings.scopes.defined], logger: settings.logger }
  const guards = createGuards<Scope, Main>(base, settings.provider as Main)
  const core: Core = {
    ...guards.core,
    handle(request) {
      const endpoint = findEndpoint(table, request.path)
      return endpoint ? answer(endpoint, request) : probes.get(request.path)?.answer(request, health)
    },
  }
  return {
    ...createAdministration(async () => (await started()).services),
    ...guards,
    for(provider) {
      if (settings.providers.includes(provider)) return createGuards(base, provider)
      throw new ConfigError([{ path: 'providers', message: `has no ${JSON.stringify(provider)}` }])
    },
    issuer: settings.issuer,
    routes: routesOf(settings),
    health,
    core,
    on: events.on,
    async fetch(request, { peer = '' } = {}) {
      const answer = await core.handle(fromRequest(request, peer))
      return toResponse(
        answer ?? json(404, { error: 'not_found', error_description: 'There is nothing here' }),
      )
    },
    async ready() {
      await started()
    },
    async close() {
      const running = await started.current()?.catch(() => undefined)
      await running?.services.close()
      await untyped.store.close()
    },
  }
}

/** The endpoints by path. A prefix such as `/login` can make two of one path, of which one would never be reached. */
function tableOf(settings: Settings): ReadonlyMap<string, Endpoint> {
  const endpoints = createEndpoints(settings)
  const table = new Map(endpoints.map((endpoint) => [endpoint.path, endpoint]))
  const lost = endpoints.find((endpoint) => table.get(endpoint.path) !== endpoint)
  if (!lost) return table
  throw new ConfigError([{ path: 'prefix', message: `gives the path ${lost.path} to two endpoints` }])
}

const NOT_STARTED = json(
  503,
  { error: 'temporarily_unavailable', error_description: 'Try again in a moment' },
  { 'Retry-After': '5' },
)

/** A server that has started. */
interface Running {
  readonly services: Services
  readonly guard: BearerGuard
}

function notStarted(logger: Logger, cause: unknown): undefined {
  logger.log('error', 'The server cannot start', { cause: String(cause) })
}

function guardOf({ settings, keys, feed, lastUsed }: Services): BearerGuard {
  return createBearerGuard({
    ...settings,
    verifier: keys,
    revocations: feed,
    cacheSize: settings.guardCacheSize,
    onPersonalTokenUse: lastUsed.mark,
  })
}
