import type { UserLike } from '../administration.ts'
import { createBearerGuard, NO_REVOCATIONS } from '../guard/guard.ts'
import { createGuards, type GuardCore, type Guards, type GuardsByProvider } from '../guard/request-guards.ts'
import { jsonLogger } from '../lib/log.ts'
import { createValidator } from '../lib/validator.ts'
import { EVERY_SCOPE, isScopeToken } from '../model/scope.ts'
import { subjectOf } from '../model/subject.ts'
import { createTokenMemory, TEST_ISSUER, type TokenMemory } from './token-memory.ts'

/** What a guard for tests may be told. Scopes and provider as at the server, or at the guard, that it stands in for. */
export interface TestGuardOptions<Scope extends string = string, Main extends string = string> {
  /** The scopes that there are, so that a misspelled one does not compile, and throws; default: any. */
  readonly scopes?: readonly Scope[]
  /** The provider that people are of who name none; default `users`. */
  readonly provider?: Main
}

/** A client: its id, or anything that has it, such as your own record of it. */
export type ClientLike = string | { readonly id: string }

/** Scopes of the guard, or every one. */
type Granted<Scope extends string> = readonly (Scope | typeof EVERY_SCOPE)[]

/** What else may be said of a person's token. */
export interface TokenDetails {
  /** The app that it was given to; default `test-client`. For a personal access token: `personal-access`. */
  readonly client?: ClientLike
  /** The session that it ends with; default: none. */
  readonly sessionId?: string
}

/**
 * A guard that is told who requests are from. Where scopes are left out there are none; `*` is every one. A person or a
 * client without an id, and a scope that does not exist, throw `ConfigError`.
 */
export interface TestGuard<Scope extends string = string, Main extends string = string>
  extends Guards<Scope, Main>, GuardsByProvider<Scope, string> {
  /** From now on, requests without an `Authorization` header are from this person. */
  actingAs(user: UserLike, scopes?: Granted<Scope>, details?: TokenDetails): void
  /** From now on, requests without an `Authorization` header are from this client, which acts for itself. */
  actingAsClient(client: ClientLike, scopes?: Granted<Scope>): void
  /** From now on, requests without an `Authorization` header are from nobody, as at the beginning: 401. */
  actingAsGuest(): void
  /**
   * A token for single requests, `Authorization: Bearer …`, whoever the others are from. It is a random text which only
   * this guard knows; it does not expire.
   */
  tokenFor(user: UserLike, scopes?: Granted<Scope>, details?: TokenDetails): string
  /** The same for a client that acts for itself. */
  tokenForClient(client: ClientLike, scopes?: Granted<Scope>): string
}

/**
 * Makes a guard for the tests of your own routes, in place of a server or of a guard from `consulate/guard`. It needs no
 * server, no keys, no database and no network. What a token tells, and whether that is enough for a route, is found out
 * by the code of the real ones; the `WWW-Authenticate` of its refusals has a realm of its own.
 */
export function createTestGuard<const Scope extends string = string, const Main extends string = 'users'>({
  scopes: defined,
  provider: main = 'users' as Main,
}: TestGuardOptions<Scope, Main> = {}): TestGuard<Scope, Main> {
  const memory = createTokenMemory()
  const { tokenFor, tokenForClient } = createTokenMaker(memory, main, defined)
  const bearer = createBearerGuard({ ...REALM, verifier: memory })
  let acting: string | undefined
  const check: GuardCore['check'] = (authorization, requirement) =>
    bearer.check(authorization ?? acting, requirement)
  const base = { check, scopes: defined, logger: jsonLogger() }
  return {
    ...createGuards<Scope, Main>(base, main),
    for: (provider) => createGuards(base, provider),
    actingAs: (...who) => void (acting = `Bearer ${tokenFor(...who)}`),
    actingAsClient: (...who) => void (acting = `Bearer ${tokenForClient(...who)}`),
    actingAsGuest: () => void (acting = undefined),
    tokenFor,
    tokenForClient,
  }
}

const REALM = {
  issuer: TEST_ISSUER,
  audience: TEST_ISSUER,
  revocations: NO_REVOCATIONS,
  // It stands still, so that nobody's token expires in the middle of a test, whatever clock that moves.
  clock: { now: () => 0 },
  cacheSize: 1,
}

function createTokenMaker(
  memory: TokenMemory,
  main: string,
  defined: readonly string[] | undefined,
): Pick<TestGuard, 'tokenFor' | 'tokenForClient'> {
  return {
    tokenFor(user, scopes = [], { client = 'test-client', sessionId } = {}) {
      const { id, provider = main } = typeof user === 'string' ? { id: user } : user
      const [userId, clientId] = [String(id), idOf(client)]
      checkSubject({ user: userId, client: clientId, scopes }, defined)
      const sub = subjectOf({ provider, userId }, main)
      return memory.make({ sub, clientId, scopes, user: { provider, sessionId } })
    },
    tokenForClient(client, scopes = []) {
      const clientId = idOf(client)
      checkSubject({ client: clientId, scopes }, defined)
      return memory.make({ sub: clientId, clientId, scopes })
    },
  }
}

const idOf = (client: ClientLike): string => (typeof client === 'string' ? client : client.id)

/** What no server would put in a token would be taken for a bad token, and nobody would see why. */
function checkSubject(
  { scopes, ...ids }: { readonly user?: string; readonly client: string; readonly scopes: readonly string[] },
  defined: readonly string[] | undefined,
): void {
  const validator = createValidator()
  for (const [path, id] of Object.entries(ids)) if (id === '') validator.problem(path, 'has no id')
  for (const [index, scope] of scopes.entries()) {
    const isKnown = scope === EVERY_SCOPE || !defined || defined.includes(scope)
    if (!isScopeToken(scope)) validator.problem(`scopes[${index}]`, 'is no scope')
    else if (!isKnown) validator.problem(`scopes[${index}]`, `is none of the guard's: ${defined?.join(', ')}`)
  }
  validator.throwIfInvalid()
}
