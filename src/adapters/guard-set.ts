import type { GuardCore, Guards, GuardsByProvider, Scopes } from '../guard/request-guards.ts'
import type { Requirement } from '../guard/requirement.ts'

/** A server or a standalone guard. A standalone guard with one provider has no `for`. */
export type Guarded = Guards<string> & Partial<GuardsByProvider<string, string>>

/** The guards of an adapter, without the types of each framework. */
export interface GuardSet {
  user(...scopes: Scopes<string>): unknown
  machine(...scopes: Scopes<string>): unknown
  anyone(...scopes: Scopes<string>): unknown
  for?(provider: string): GuardSet
}

/** Creates the guards of an adapter from the function that creates one. Unknown scopes throw `ConfigError`. */
export function createGuardSet(
  { core, for: forProvider }: Guarded,
  create: (core: GuardCore, requirement: Requirement) => unknown,
): GuardSet {
  return {
    user: (...scopes) => create(core, core.requirement('user', scopes)),
    machine: (...scopes) => create(core, core.requirement('machine', scopes)),
    anyone: (...scopes) => create(core, core.requirement('anyone', scopes)),
    ...(forProvider && { for: (provider: string) => createGuardSet(forProvider(provider), create) }),
  }
}
