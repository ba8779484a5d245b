import { toResponse } from '../lib/fetch.ts'
import { json } from '../lib/http.ts'
import type { Logger } from '../lib/log.ts'
import type { ScopeInheritance } from '../model/scope.ts'
import type { Audiences } from './audiences.ts'
import type { AnyAuth, AnyClaims, Auth, MachineAuth, UserAuth } from './auth.ts'
import { isRefusal } from './refusal.ts'
import type { GuardedRequest } from './request.ts'
import { requirementOf, type Requirement, type Scopes } from './requirement.ts'
import type { CheckResult } from './token.ts'

export type { Scopes } from './requirement.ts'

/** What adapters build guards from. */
export interface GuardCore {
  /**
   * Checks the token of a request, or its API cookie. Responds with 503 if it cannot be checked now. Never throws. `request`
   * is the framework's own: a request of `node:http`, a Fetch `Request`, or an object with the same `headers` and `method`.
   */
  check(request: GuardedRequest, requirement: Requirement): CheckResult
  /** Returns the requirement of a route. Throws `ConfigError` if the scopes or the resource are malformed or unknown. */
  requirement(caller: Requirement['caller'], scopes: Scopes<string>): Requirement
  /** Logs what the handler of a guarded route threw. */
  logFailure(cause: unknown): void
}

/** Returns who sent the request, or the response to send instead. */
export type RequestGuard<Granted extends AnyAuth> = (request: Request) => Promise<Granted | Response>

/** Guards for Fetch requests. */
export interface RequestGuards<
  Scope extends string,
  Provider extends string = string,
  Claims extends object = AnyClaims,
> {
  /** Accepts users of the guard's provider whose token has all of these scopes. */
  user(...scopes: Scopes<Scope>): RequestGuard<UserAuth<Scope, Provider, Claims>>
  /** Accepts machine tokens with all of these scopes. */
  machine(...scopes: Scopes<Scope>): RequestGuard<MachineAuth<Scope, Claims>>
  /** Accepts users and machine tokens. */
  anyone(...scopes: Scopes<Scope>): RequestGuard<Auth<Scope, Provider, Claims>>
}

/** What adapters can guard routes with: an authorization server, or a standalone guard. */
export interface Guards<
  Scope extends string,
  Provider extends string = string,
  Claims extends object = AnyClaims,
> extends RequestGuards<Scope, Provider, Claims> {
  readonly core: GuardCore
}

function createRequestGuards<Scope extends string, Provider extends string, Claims extends object>(
  core: GuardCore,
): RequestGuards<Scope, Provider, Claims> {
  const guard = <Granted extends AnyAuth>(requirement: Requirement): RequestGuard<Granted> => {
    return async (request) => {
      const result = await core.check(request, requirement)
      return isRefusal(result)
        ? toResponse(json(result.status, result.body, result.headers))
        : (result as Granted)
    }
  }
  return {
    user: (...scopes) => guard(core.requirement('user', scopes)),
    machine: (...scopes) => guard(core.requirement('machine', scopes)),
    anyone: (...scopes) => guard(core.requirement('anyone', scopes)),
  }
}

/** Guards by user provider. */
export interface GuardsByProvider<
  Scope extends string,
  Provider extends string,
  Claims extends object = AnyClaims,
> {
  /**
   * Returns the guards for users of one provider. Users of other providers get 401, even if their IDs are equal. Machine
   * tokens have no provider.
   *
   * @throws ConfigError if the provider is unknown
   */
  for<Name extends Provider>(provider: Name): Guards<Scope, Name, Claims>
}

export interface GuardDependencies extends ScopeInheritance {
  readonly check: GuardCore['check']
  /** The defined scopes. Undefined allows any. */
  readonly scopes: readonly string[] | undefined
  readonly logger: Logger
  /** Whether routes can be strict. */
  readonly canBeStrict: boolean
  readonly audiences: Audiences
}

/** Creates the guards for one provider. */
export function createGuards<
  Scope extends string,
  Provider extends string,
  Claims extends object = AnyClaims,
>(
  { check, scopes: defined, logger, canBeStrict, audiences, isInherited }: GuardDependencies,
  provider: Provider,
): Guards<Scope, Provider, Claims> {
  const core: GuardCore = {
    check,
    requirement: (caller, scopes) =>
      requirementOf(caller, scopes, { provider, scopes: defined, canBeStrict, audiences, isInherited }),
    logFailure: (cause) => logger.log('error', 'A guarded route failed', { cause: describe(cause) }),
  }
  return { ...createRequestGuards<Scope, Provider, Claims>(core), core }
}

const describe = (cause: unknown): string =>
  (cause instanceof Error ? cause.stack : undefined) ?? String(cause)
