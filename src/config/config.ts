import type { Grant } from '../grants/grant.ts'
import type { ImplicitGrant } from '../grants/implicit.ts'
import type { Secrets, SecretsSource } from '../keys/secrets.ts'
import type { Clock } from '../lib/clock.ts'
import type { Duration } from '../lib/duration.ts'
import type { Logger } from '../lib/log.ts'
import type { Views } from '../pages/props.ts'
import type { Language } from '../pages/messages.ts'
import type { Store } from '../store/contract.ts'
import type { BaseUser, UserProvider, UserProviderFactory } from '../users/provider.ts'
import type { KeepSignedInConfig } from './keep-signed-in.ts'
import type { PersonalTokensConfig } from './personal-tokens.ts'

/** How many failures are too many, and in which time. */
export interface FailureLimit {
  readonly failures: number
  readonly window: Duration
}

/** How the server's own pages look. */
export interface PagesConfig {
  /** What the server is called, above every page; default: the issuer's host. */
  readonly name?: string
  /** The language of our pages; default `en`. */
  readonly language?: Language
  /** Your own views, in place of ours. */
  readonly views?: Views
}

/**
 * What you write. Everything but the first six has a default. `Main` is the name of the default provider, `Other` are
 * those of the others.
 */
export interface Config<
  Scope extends string = string,
  User extends BaseUser = BaseUser,
  Main extends string = string,
  Other extends string = string,
> {
  /** Where the server lives, and the `iss` of its tokens: https, or http on a loopback address. May have a path. */
  readonly issuer: string
  /** Signing keys and root secrets: `secretsFromDirectory('./secrets')`, `secretsFromEnvironment()`, or given here. */
  readonly secrets: SecretsSource | Secrets
  /** Where rows are kept: `sqlite('data.db')`. */
  readonly store: Store
  /** Who signs in: your own look-up, or `builtInUsers()`. */
  readonly users: UserProvider<User> | UserProviderFactory<User>
  /** Every scope with the sentence that people read on the consent page. */
  readonly scopes: Readonly<Record<Scope, string>>
  /** The ways to a token: `[authorizationCode(), refreshToken(), clientCredentials()]`. What is not listed is off. */
  readonly grants: readonly (Grant | ImplicitGrant)[]

  /** What a request gets that names no scope; default: nothing. */
  readonly defaultScopes?: readonly NoInfer<Scope>[]
  /** The `aud` of tokens for which no resource was named; default: the issuer. */
  readonly audience?: string
  /** Resources that tokens may be asked for (RFC 8707): absolute URIs. Default: only the audience. */
  readonly resources?: readonly string[]
  /** How long access tokens live; default 15 minutes. */
  readonly accessTokenLifetime?: Duration
  /**
   * Personal access tokens, which people make for their own scripts: `{}`, or how long they live. With it come the page
   * `/account/tokens` and a JSON API. Default: nobody can make any.
   */
  readonly personalTokens?: PersonalTokensConfig | undefined
  /** Who must use PKCE: public clients (the default), or everybody. Only S256 is known (RFC 9700 section 2.1.1). */
  readonly pkce?: 'public' | 'always'
  /** The beginning of the OAuth endpoints' paths, within the issuer; default `/oauth`. */
  readonly prefix?: string
  /** What `users` is called in rows and tokens; default `users`. Never change it: the `sub` of tokens depends on it. */
  readonly provider?: Main
  /**
   * Further people, by the name of their provider: `{ customers: { find, findByUsername, verifyPassword } }`. They sign in
   * on pages of their own (`/login/customers`), and only clients of their provider get tokens for them. Default: none.
   */
  readonly providers?: Readonly<Record<Other, UserProvider>>
  /** How long people stay signed in on a device without using it; default 12 hours. */
  readonly sessionLifetime?: Duration
  /**
   * The checkbox "Keep me signed in" on the sign-in page. If a user checks it, the session outlives the browser and lasts 30
   * days without use by default. `off` removes the checkbox; every session then ends with the browser.
   */
  readonly keepSignedIn?: KeepSignedInConfig | 'off'
  /** Proxies whose `X-Forwarded-For` is believed: addresses or CIDR ranges. Default: none. */
  readonly trustedProxies?: readonly string[]
  /** When failures are too many; defaults: 60 a minute from an address, 10 in 15 minutes against an account. */
  readonly throttle?: { readonly perAddress?: FailureLimit; readonly perAccount?: FailureLimit }
  /** How a node follows revocations: polls every second by default; a poll 10 seconds old lets nobody in. */
  readonly revocations?: { readonly pollInterval?: Duration; readonly maxStaleness?: Duration }
  /** How many verified tokens a guard remembers, at about 2 kB each; default 20,000. */
  readonly guardCacheSize?: number
  readonly pages?: PagesConfig
  /** Whether `ready()` makes and updates the tables, or refuses to start where they are not up to date. Default `on-start`. */
  readonly migrations?: 'on-start' | 'manual'
  /** How long it is kept why requests were refused, for `consulate explain`; default `{ keep: '7d' }`. */
  readonly audit?: { readonly keep?: Duration } | 'off'
  /**
   * How often the server itself deletes what ended more than a week ago; default `{ every: '1h' }`, at most 10 days.
   * `manual`: never; run `consulate purge`.
   */
  readonly purge?: { readonly every?: Duration } | 'manual'
  /** Default: JSON lines on standard error. */
  readonly logger?: Logger
  /** For tests. */
  readonly clock?: Clock
}

/**
 * Returns the configuration unchanged, so that the compiler checks it. Use it in `consulate.config.ts`, which both the
 * command line and your app read: `export default defineConfig({ … })`.
 */
export const defineConfig = <
  const Scope extends string,
  User extends BaseUser,
  const Main extends string = 'users',
  const Other extends string = never,
>(
  config: Config<Scope, User, Main, Other>,
): Config<Scope, User, Main, Other> => config
