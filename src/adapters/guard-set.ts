import type { GuardCore, Scopes } from '../guard/request-guards.ts'
import type { Requirement } from '../guard/requirement.ts'

/** The guards of an adapter, without the types of each framework. */
export interface GuardSet<Guard> {
  user(...scopes: Scopes<string>): Guard
  machine(...scopes: Scopes<string>): Guard
  anyone(...scopes: Scopes<string>): Guard
}

/** Creates the guards of an adapter from the function that creates one. Unknown scopes throw `ConfigError`. */
export const createGuardSet = <Guard>(
  core: GuardCore,
  create: (requirement: Requirement) => Guard,
): GuardSet<Guard> => ({
  user: (...scopes) => create(core.requirement('user', scopes)),
  machine: (...scopes) => create(core.requirement('machine', scopes)),
  anyone: (...scopes) => create(core.requirement('anyone', scopes)),
})
