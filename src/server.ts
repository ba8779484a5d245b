import { assemble } from './assembly.ts'
import { createAdministration, type Administration } from './administration.ts'
import type { Config } from './config/config.ts'
import { handle } from './endpoints/handle.ts'
import type { Services } from './endpoints/services.ts'
import { endpointsOf } from './endpoints/table.ts'
import { createEvents, type Events } from './events.ts'
import type { Auth, MachineAuth, UserAuth } from './guard/auth.ts'
import { createGuard, type Guard } from './guard/guard.ts'
import { isRefusal, unavailable, type Refusal } from './guard/refusal.ts'
import { requirementOf, type Requirement, type ScopeRequirement } from './guard/requirement.ts'
import { fromRequest, toResponse } from './lib/fetch.ts'
import { json, type Answer, type Incoming } from './lib/http.ts'
import { once } from './lib/once.ts'
import type { Logger } from './lib/log.ts'
import { resolveSettings } from './config/settings.ts'
import type { BaseUser } from './users/provider.ts'

/** Tells who a request is from, or answers with the response to send instead. */
export type RequestGuard<Granted extends Auth> = (request: Request) => Promise<Granted | Response>

/** What a guard is asked for: scopes that are all needed, or `{ anyOf: [...] }`. */
export type Scopes<Scope extends string> = ScopeRequirement<Scope>

/** One route of the server, for listings. */
export interface Route {
  readonly name: string
  readonly path: string
  readonly methods: readonly string[]
}

/** An OAuth 2 authorization server. */
export interface AuthorizationServer<Scope extends string = string> extends Administration {
  readonly issuer: string
  /** Answers a request to one of the server's endpoints; 404 for any other path. `peer` is the address it came from. */
  fetch(request: Request, from?: { readonly peer?: string }): Promise<Response>
  /** A route for people: who has every one of these scopes gets in. */
  user(...scopes: Scopes<Scope>): RequestGuard<UserAuth<Scope>>
  /** A route for clients that act for themselves. */
  machine(...scopes: Scopes<Scope>): RequestGuard<MachineAuth<Scope>>
  /** A route for both. */
  anyone(...scopes: Scopes<Scope>): RequestGuard<Auth<Scope>>
  /** The server's endpoints. */
  readonly routes: readonly Route[]
  /** Hears what happens: see `EventMap`. */
  readonly on: Events['on']
  /** Reads the secrets, sees to the tables. The first request does it otherwise. Throws `ConfigError`. */
  ready(): Promise<void>
  /** Ends what is open: the feed and the store. */
  close(): Promise<void>
  /** For adapters: the same as `fetch` and the guards, without a framework's types. */
  readonly core: Core
}

/** What an adapter builds on. */
export interface Core {
  /** Undefined where the path is none of the server's. Never throws. */
  handle(incoming: Incoming): Promise<Answer | undefined>
  /** Who an `Authorization` header is from; 503 where the server cannot start. Never throws. */
  check(authorization: string | null | undefined, requirement: Requirement): Promise<Auth | Refusal>
  /** What a route of the default provider asks for. */
  requirement(audience: Requirement['audience'], scopes: Scopes<string>): Requirement
}

/**
 * Makes an authorization server.
 *
 * @throws ConfigError with every problem of the configuration at once, each with its option's path
 */
export function createAuthorizationServer<const Scope extends string, User extends BaseUser>(
  config: Config<Scope, User>,
): AuthorizationServer<Scope> {
  const untyped = config as unknown as Config
  const settings = resolveSettings(untyped)
  const events = createEvents(settings.logger)
  const endpoints = endpointsOf(settings)
  const table = new Map(endpoints.map((endpoint) => [endpoint.path, endpoint]))
  const started = once(async () => {
    const services = await assemble(settings, untyped, events)
    return { services, guard: guardOf(services) }
  })
  const core: Core = {
    async handle(incoming) {
      if (!table.has(incoming.path)) return undefined
      const running = await started().catch((cause: unknown) => notStarted(settings.logger, cause))
      return running ? handle(table, running.services, incoming) : NOT_STARTED
    },
    async check(authorization, requirement) {
      const running = await started().catch((cause: unknown) => notStarted(settings.logger, cause))
      return running ? running.guard.check(authorization, requirement) : unavailable()
    },
    requirement: (audience, scopes) => requirementOf(audience, scopes, settings.provider),
  }
  const guardFor = <Granted extends Auth>(
    audience: Requirement['audience'],
    scopes: Scopes<string>,
  ): RequestGuard<Granted> => {
    const requirement = core.requirement(audience, scopes)
    return async (request) => {
      const answer = await core.check(request.headers.get('authorization'), requirement)
      return isRefusal(answer)
        ? toResponse(json(answer.status, answer.body, answer.headers))
        : (answer as Granted)
    }
  }
  return {
    ...createAdministration(async () => (await started()).services),
    issuer: settings.issuer,
    routes: endpoints.map(({ name, path, methods }) => ({ name, path, methods: Object.keys(methods) })),
    core,
    on: events.on,
    user: (...scopes) => guardFor('user', scopes),
    machine: (...scopes) => guardFor('machine', scopes),
    anyone: (...scopes) => guardFor('anyone', scopes),
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
      running?.services.feed.close()
      await untyped.store.close()
    },
  }
}

const NOT_STARTED = json(
  503,
  { error: 'temporarily_unavailable', error_description: 'Try again in a moment' },
  { 'Retry-After': '5' },
)

function notStarted(logger: Logger, cause: unknown): void {
  logger.log('error', 'The server cannot start', { cause: String(cause) })
}

function guardOf({ settings, keys, feed }: Services): Guard {
  const { issuer, audience, clock, guardCacheSize: cacheSize } = settings
  return createGuard({ issuer, audience, verifier: keys, revocations: feed, clock, cacheSize })
}
