import { toResponse } from '../lib/fetch.ts'
import { json } from '../lib/http.ts'
import type { Auth, MachineAuth, UserAuth } from './auth.ts'
import type { Verdict } from './guard.ts'
import { isRefusal } from './refusal.ts'
import type { Requirement, ScopeRequirement } from './requirement.ts'

/** What adapters guard routes with. */
export interface GuardCore {
  /** Who an `Authorization` header is from; 503 where that cannot be known. Never throws. */
  check(authorization: string | null | undefined, requirement: Requirement): Verdict
  /** What a route asks for, of people of the guard's own provider. */
  requirement(audience: Requirement['audience'], scopes: Scopes<string>): Requirement
}

/** What a guard is asked for: scopes that are all needed, or `{ anyOf: [...] }`. */
export type Scopes<Scope extends string> = ScopeRequirement<Scope>

/** Tells who a request is from, or answers with the response to send instead. */
export type RequestGuard<Granted extends Auth> = (request: Request) => Promise<Granted | Response>

/** Guards for requests of the Fetch standard. */
export interface RequestGuards<Scope extends string> {
  /** A route for people: who has every one of these scopes gets in. */
  user(...scopes: Scopes<Scope>): RequestGuard<UserAuth<Scope>>
  /** A route for clients that act for themselves. */
  machine(...scopes: Scopes<Scope>): RequestGuard<MachineAuth<Scope>>
  /** A route for both. */
  anyone(...scopes: Scopes<Scope>): RequestGuard<Auth<Scope>>
}

/** What adapters can put before a route: an authorization server, or the guard of another service. */
export interface Guarded<Scope extends string> extends RequestGuards<Scope> {
  readonly core: GuardCore
}

/** Makes the guards for requests of the Fetch standard. */
export function requestGuards<Scope extends string>(core: GuardCore): RequestGuards<Scope> {
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
