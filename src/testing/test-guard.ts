import type { UserLike } from '../administration/user.ts'
import { createTestAudiences } from '../guard/audiences.ts'
import { createBearerGuard, NO_REVOCATIONS } from '../guard/guard.ts'
import { createGuards, type GuardCore, type Guards, type GuardsByProvider } from '../guard/request-guards.ts'
import { jsonLogger } from '../lib/log.ts'
import { createValidator } from '../lib/validator.ts'
import { EVERY_SCOPE, isScopeToken } from '../model/scope.ts'
import { subjectOf } from '../model/subject.ts'
import { createTokenMemory, TEST_ISSUER, type TokenMemory } from './token-memory.ts'

/** Options of a test guard. Use those of the server or guard that it replaces. */
export interface TestGuardOptions<Scope extends string = string, Main extends string = string> {
  /** The defined scopes. Any other scope does not compile, and throws a `ConfigError`. Default: every scope is allowed. */
  readonly scopes?: readonly Scope[]
  /** Whether `orders` covers `orders:read`. Default: false. */
  readonly scopeInheritance?: boolean
  /** The provider of users without a `provider` of their own. Default `users`. */
  readonly provider?: Main
  /**
   * The resources that routes can name. Any other throws a `ConfigError`. Every user and client has access to all of them.
   * Default: every resource is allowed.
   */
  readonly resources?: readonly string[]
}

/** A client id, or any object with an `id`. */
export type ClientLike = string | { readonly id: string }

/** Defined scopes, or `*` for every scope. */
type Granted<Scope extends string> = readonly (Scope | typeof EVERY_SCOPE)[]

/** Further details of a user's token. */
export interface TokenDetails {
  /** The client that has the token. Default `test-client`; `personal-access` makes it a personal access token. */
  readonly client?: ClientLike
  /** The session that the token belongs to. Default: none. */
  readonly sessionId?: string
}

/**
 * A guard for which the test decides who sends a request. Scopes default to none; `*` is every scope. Its methods throw
 * `ConfigError` for an empty user or client id and for an undefined scope.
 */
export interface TestGuard<Scope extends string = string, Main extends string = string>
  extends Guards<Scope, Main>, GuardsByProvider<Scope, string> {
  /** Makes requests without an `Authorization` header come from this user, until the next call. */
  actingAs(user: UserLike, scopes?: Granted<Scope>, details?: TokenDetails): void
  /** Makes requests without an `Authorization` header come from this client, acting for itself, until the next call. */
  actingAsClient(client: ClientLike, scopes?: Granted<Scope>): void
  /** Makes requests without an `Authorization` header fail with 401, as they do initially. */
  actingAsGuest(): void
  /** Creates a bearer token for single requests. It is a random string that only this guard accepts, and never expires. */
  tokenFor(user: UserLike, scopes?: Granted<Scope>, details?: TokenDetails): string
  /** Creates such a token for a client that acts for itself. */
  tokenForClient(client: ClientLike, scopes?: Granted<Scope>): string
}

/**
 * Creates a guard for testing your own routes, in place of a server or a guard from `consulate/guard`. It needs no server,
 * keys, database or network. It creates claims and checks requirements with the code of the real guards. Only the realm in
 * `WWW-Authenticate` differs.
 */
export function createTestGuard<const Scope extends string = string, const Main extends string = 'users'>({
  scopes: defined,
  scopeInheritance: isInherited = false,
  provider: main = 'users' as Main,
  resources,
}: TestGuardOptions<Scope, Main> = {}): TestGuard<Scope, Main> {
  const memory = createTokenMemory()
  const { tokenFor, tokenForClient } = createTokenFactory(memory, main, defined)
  const bearer = createBearerGuard({ ...REALM, verifier: memory, scopes: { isInherited } })
  let acting: string | undefined
  const check: GuardCore['check'] = (authorization, requirement) =>
    bearer.check(authorization ?? acting, requirement)
  const base = {
    check,
    scopes: defined,
    isInherited,
    logger: jsonLogger(),
    canBeStrict: true,
    audiences: createTestAudiences(resources),
  }
  return {
    ...createGuards<Scope, Main>(base, main),
    for: (provider) => createGuards(base, provider),
    actingAs: (...user) => void (acting = `Bearer ${tokenFor(...user)}`),
    actingAsClient: (...client) => void (acting = `Bearer ${tokenForClient(...client)}`),
    actingAsGuest: () => void (acting = undefined),
    tokenFor,
    tokenForClient,
  }
}

const REALM = {
  issuer: TEST_ISSUER,
  audiences: [TEST_ISSUER],
  defaultAudiences: [TEST_ISSUER],
  revocations: NO_REVOCATIONS,
  // Stands still, so that tokens do not expire if a test moves the clock.
  clock: { now: () => 0 },
  cacheSize: 1,
}

function createTokenFactory(
  memory: TokenMemory,
  main: string,
  defined: readonly string[] | undefined,
): Pick<TestGuard, 'tokenFor' | 'tokenForClient'> {
  return {
    tokenFor(user, scopes = [], { client = 'test-client', sessionId } = {}) {
      const { id, provider = main } = typeof user === 'string' ? { id: user } : user
      const [userId, clientId] = [String(id), idOf(client)]
      validate({ user: userId, client: clientId, scopes }, defined)
      const sub = subjectOf({ provider, userId }, main)
      return memory.create({ sub, clientId, scopes, user: { provider, sessionId } })
    },
    tokenForClient(client, scopes = []) {
      const clientId = idOf(client)
      validate({ client: clientId, scopes }, defined)
      return memory.create({ sub: clientId, clientId, scopes })
    },
  }
}

const idOf = (client: ClientLike): string => (typeof client === 'string' ? client : client.id)

/** The guard would reject a token with such claims as invalid, and the test would fail with a 401 that explains nothing. */
function validate(
  { scopes, ...ids }: { readonly user?: string; readonly client: string; readonly scopes: readonly string[] },
  defined: readonly string[] | undefined,
): void {
  const validator = createValidator()
  for (const [path, id] of Object.entries(ids)) if (id === '') validator.problem(path, 'must not be empty')
  for (const [index, scope] of scopes.entries()) {
    const isKnown = scope === EVERY_SCOPE || !defined || defined.includes(scope)
    if (!isScopeToken(scope)) validator.problem(`scopes[${index}]`, 'is not a valid scope')
    else if (!isKnown)
      validator.problem(`scopes[${index}]`, `is not defined. Defined scopes: ${defined?.join(', ')}`)
  }
  validator.throwIfInvalid()
}
