import { toResponse } from '../lib/fetch.ts'
import { json } from '../lib/http.ts'
import type { Logger } from '../lib/log.ts'
import type { Auth, MachineAuth, UserAuth } from './auth.ts'
import type { CheckResult } from './guard.ts'
import { isRefusal } from './refusal.ts'
import { requirementOf, type Requirement, type ScopeRequirement } from './requirement.ts'

/** What adapters guard routes with. */
export interface GuardCore {
  /** Who an `Authorization` header is from; 503 where that cannot be known. Never throws. */
  check(authorization: string | null | undefined, requirement: Requirement): CheckResult
  /** What a route asks for, of people of the guard's provider. Throws `ConfigError` where that makes no sense. */
  requirement(caller: Requirement['caller'], scopes: Scopes<string>): Requirement
  /** Hears what the handler of a guarded route threw, and logs it. */
  logFailure(cause: unknown): void
}

/**
 * What a guard is asked for: scopes that are all needed, or `{ anyOf: [...] }`. What is neither, and a scope that there is
 * not, throws `ConfigError`.
 */
export type Scopes<Scope extends string> = ScopeRequirement<Scope>

/** Tells who a request is from, or answers with the response to send instead. */
export type RequestGuard<Granted extends Auth> = (request: Request) => Promise<Granted | Response>

/** Guards for requests of the Fetch standard. */
export interface RequestGuards<Scope extends string, Provider extends string = string> {
  /** A route for people of the guard's provider: who has every one of these scopes gets in. */
  user(...scopes: Scopes<Scope>): RequestGuard<UserAuth<Scope, Provider>>
  /** A route for clients that act for themselves. */
  machine(...scopes: Scopes<Scope>): RequestGuard<MachineAuth<Scope>>
  /** A route for both. */
  anyone(...scopes: Scopes<Scope>): RequestGuard<Auth<Scope, Provider>>
}

/** What adapters can put before a route: an authorization server, or the guard of another service. */
export interface Guards<Scope extends string, Provider extends string = string> extends RequestGuards<
  Scope,
  Provider
> {
  readonly core: GuardCore
}

/** Makes the guards for requests of the Fetch standard. */
export function createRequestGuards<Scope extends string, Provider extends string = string>(
  core: GuardCore,
): RequestGuards<Scope, Provider> {
  const guard = <Granted extends Auth>(requirement: Requirement): RequestGuard<Granted> => {
    return async (request) => {
      const answer = await core.check(request.headers.get('authorization'), requirement)
      return isRefusal(answer)
        ? toResponse(json(answer.status, answer.body, answer.headers))
        : (answer as Granted)
    }
  }
  return {
    user: (...scopes) => guard(core.requirement('user', scopes)),
    machine: (...scopes) => guard(core.requirement('machine', scopes)),
    anyone: (...scopes) => guard(core.requirement('anyone', scopes)),
  }
}

/** Guards for the people of each provider, by its name. */
export interface GuardsByProvider<Scope extends string, Provider extends string> {
  /**
   * The guards for people of one provider: a token of another's is 401, equal ids or not. Machines have no provider.
   *
   * @throws ConfigError where there is no such provider
   */
  for<Name extends Provider>(provider: Name): Guards<Scope, Name>
}

/** What the guards of all providers share. */
export interface GuardDependencies {
  /** Checks tokens. */
  readonly check: GuardCore['check']
  /** The scopes that there are; undefined for any. */
  readonly scopes: readonly string[] | undefined
  readonly logger: Logger
}

/** The guards of one provider, over what checks tokens. */
export function createGuards<Scope extends string, Provider extends string>(
  { check, scopes: defined, logger }: GuardDependencies,
  provider: Provider,
): Guards<Scope, Provider> {
  const core: GuardCore = {
    check,
    requirement: (caller, scopes) => requirementOf(caller, scopes, { provider, scopes: defined }),
    logFailure: (cause) => logger.log('error', 'A guarded route failed', { cause: causeOf(cause) }),
  }
  return { ...createRequestGuards<Scope, Provider>(core), core }
}

const causeOf = (cause: unknown): string =>
  (cause instanceof Error ? cause.stack : undefined) ?? String(cause)
