import type { AnyFieldsSchema, FieldsInput, FieldsOf, FieldsSchema } from '../clients/fields.ts'
import type { Grant } from '../grants/grant.ts'
import type { ImplicitGrant } from '../grants/implicit.ts'
import type { SignInFeature } from '../grants/sign-in.ts'
import type { TokenInfo, TokenResponseInfo } from '../issuance/customize.ts'
import type { Secrets } from '../keys/secrets.ts'
import type { SecretsFactory, SecretsSource } from '../keys/secrets-source.ts'
import type { Duration } from '../lib/duration.ts'
import type { AnyClaims } from '../guard/auth.ts'
import type { Store } from '../store/contract.ts'
import type { AnyUserProvider, BaseUser, UserProviderFactory } from '../users/provider.ts'
import type { AccountPage } from '../model/account-page.ts'
import type { Locate } from '../sessions/places.ts'
import type { ApiCookieConfig } from './api-cookie.ts'
import type { DeclaredClient } from './clients.ts'
import type { KeepSignedInConfig } from './keep-signed-in.ts'
import type { OperationConfig } from './operation.ts'
import type { PassportConfig } from './passport.ts'
import type { PagesConfig } from './pages.ts'
import type { PasswordResetConfig } from './password-reset.ts'
import type { PersonalTokensConfig } from './personal-tokens.ts'
import type { ResourceConfig } from './resources.ts'
import type { RoutesConfig } from './routes.ts'
import type { ScopeConfig } from './scopes.ts'
import type { UserAppsConfig } from './user-apps.ts'
import type { ConsentRequestInfo } from './consent-request.ts'

/**
 * The configuration of a server. The first six options are required.
 *
 * A duration is a number of seconds, or a string: `'500ms'`, `'60s'`, `'15m'`, `'12h'`, `'30d'`, `'2w'`, `'1y'`.
 */
export interface Config<
  Scope extends string = string,
  User extends BaseUser = BaseUser,
  Main extends string = string,
  Other extends string = string,
  Claims extends object = AnyClaims,
  Schema extends FieldsSchema = AnyFieldsSchema,
> extends OperationConfig {
  /**
   * The public URL of the server, and the `iss` claim of its tokens: `https://id.example.com`. Must use https; http is
   * allowed for loopback addresses. May have a path, but no trailing slash, query or fragment (RFC 8414 section 2).
   */
  readonly issuer: string
  /**
   * The signing keys and root secrets: `secretsFromDirectory('./data/secrets')`, `secretsFromStore()`,
   * `secretsFromEnvironment()`, a source of your own (`{ description, load }`), or the secrets themselves.
   */
  readonly secrets: SecretsSource | SecretsFactory | Secrets
  /**
   * The database: `sqlite('./data/consulate.db')`, `postgres('postgres://…')`, `mysql('mysql://…')`, or a store of your own.
   */
  readonly store: Store
  /** Your users: functions that look them up in your own database, or `builtInUsers()`. */
  readonly users: AnyUserProvider<User> | UserProviderFactory<User>
  /**
   * Every scope, with the sentence that users read on the consent page: `{ 'orders:read': 'See your orders' }`, or with
   * options: `{ description: { en: 'See your orders', vi: 'Xem đơn hàng của bạn' }, firstPartyOnly: true }`. `*` cannot be
   * defined, because it stands for every scope, and neither can `openid`, because there are no ID tokens.
   */
  readonly scopes: Readonly<Record<Scope, string | ScopeConfig>>
  /**
   * The enabled grants: `[authorizationCode(), refreshToken(), clientCredentials()]`. A client may use a grant if it is in
   * this list and in the `grantTypes` of the client. `signIn()` turns on the sign-in API, which needs no client.
   */
  readonly grants: readonly (Grant | ImplicitGrant | SignInFeature)[]

  /** The scopes of a request without `scope`, as far as the client may have them. Default: none. */
  readonly defaultScopes?: readonly NoInfer<Scope>[]
  /**
   * Whether a scope covers those below it: `orders` covers `orders:read` and `orders:read:mine`, but not `ordersx`, and
   * `orders:read` does not cover `orders`. Default: false.
   */
  readonly scopeInheritance?: boolean
  /**
   * The `aud` claim of tokens that are requested without a `resource`, and the one that the guards of this server accept.
   * Default: the issuer.
   */
  readonly audience?: string
  /**
   * The resources that clients may request tokens for (RFC 8707): URIs, or objects with a name and scopes. Guards accept
   * their tokens with `server.user({ resource: 'https://mcp.example.com/mcp' })`. Those on the issuer's origin get metadata
   * (RFC 9728). Default: only the audience.
   */
  readonly resources?: readonly (string | ResourceConfig<NoInfer<Scope>>)[]
  /**
   * Clients that the server creates when it starts, and updates if they differ: `[{ id: 'shop', name: 'Shop', … }]`. All
   * other clients stay as they are, also those that are no longer listed. Default: none.
   */
  readonly clients?: readonly DeclaredClient<
    NoInfer<Scope>,
    NoInfer<Main | Other>,
    FieldsInput<NoInfer<Schema>>
  >[]
  /**
   * A schema for fields of your own that clients have, such as a plan or an account manager: of Zod, Valibot, ArkType or
   * another library with the Standard Schema interface. Each field must be optional or have a default, because clients from
   * before have none. `client.fields` has its types everywhere. Default: clients have no other fields.
   */
  readonly clientFields?: Schema
  /** The lifetime of access tokens. Grants and clients can have their own. Default `'15m'`. */
  readonly accessTokenLifetime?: Duration
  /**
   * Returns claims to add to an access token: `({ user }) => ({ tenant: user?.tenant })`. Guards have them as
   * `auth.claims.tenant`. JSON of at most 4,096 bytes, without the names of RFC 7519, RFC 9068 and the server. Called for
   * every token, at each refresh too, with 5 seconds to answer. If it fails, the request fails with `server_error` and
   * changes nothing. A thrown `OAuthError` becomes the response. Default: none.
   */
  tokenClaims?(
    info: TokenInfo<NoInfer<Scope>, NoInfer<User>, NoInfer<Main>, NoInfer<Other>, FieldsOf<NoInfer<Schema>>>,
  ): Claims | undefined | Promise<Claims | undefined>
  /**
   * Returns members to add to the JSON responses with tokens, of the token endpoint and the sign-in API. Limits and errors
   * are those of `tokenClaims`; the names of RFC 6749 and the server are reserved. Default: none.
   */
  tokenResponse?(
    info: TokenResponseInfo<
      NoInfer<Scope>,
      NoInfer<User>,
      NoInfer<Main>,
      NoInfer<Other>,
      FieldsOf<NoInfer<Schema>>
    >,
  ): object | undefined | Promise<object | undefined>
  /**
   * Turns on personal access tokens, which users create for scripts and API calls: `{}`, or their lifetimes. Adds a JSON API
   * and the page `/account/tokens`. Default: off.
   */
  readonly personalTokens?: PersonalTokensConfig | undefined
  /**
   * Accepts what Laravel Passport has issued and `consulate import passport` has imported: `{ publicKey, appKey }`. Default:
   * off.
   */
  readonly passport?: PassportConfig | undefined
  /**
   * Lets users register their own apps, which are third-party clients: `{}`, or a limit and scopes. Needs
   * `authorizationCode()` or `deviceCode()`. Adds a JSON API (`/oauth/clients`) and the page `/account/developer`. Default:
   * off.
   */
  readonly userApps?: UserAppsConfig<NoInfer<Scope>> | undefined
  /**
   * Who must use PKCE. `'public'`: public clients, and confidential clients with `requiresPkce`. `'always'`: all clients. The
   * method is always S256 (RFC 9700 section 2.1.1). Default `'public'`.
   */
  readonly pkce?: 'public' | 'always'
  /** The path prefix of the OAuth endpoints, within the issuer. Default `'/oauth'`. */
  readonly prefix?: string
  /**
   * Turns single routes off: `{ off: ['introspect', 'api logout all'] }`, with the names that `consulate routes` lists. They
   * answer 404 and are not in the metadata. Default: none.
   */
  readonly routes?: RoutesConfig | undefined
  /**
   * Returns true for requests that need no consent, for any client: `({ client }) => client.publisher === 'Orchard'`. Called
   * where users would see the consent page. They see it if the function throws, or does not answer within 5 seconds. Not
   * called with `prompt=consent`, for public clients without an https redirect URI, and for devices. Default: only
   * first-party clients with `skipsConsent` skip it.
   */
  skipsConsent?(
    request: ConsentRequestInfo<NoInfer<Scope>, FieldsOf<NoInfer<Schema>>>,
  ): boolean | Promise<boolean>
  /**
   * Whether users may uncheck scopes on the consent page, and grant a client less than it requests. Clients must read
   * `scope` in the token response. Default: false.
   */
  readonly partialConsent?: boolean
  /**
   * The name of the user provider in `users`, as it is stored with sessions and authorizations. Default `'users'`. Do not
   * change it later: existing rows and tokens would no longer match.
   */
  readonly provider?: Main
  /**
   * More user providers by name, such as customers beside staff: `{ customers: { find, findByUsername, verifyPassword } }`.
   * Each has its own sign-in page (`/login/customers`) and its own clients, and a guard accepts the users of one provider
   * only. Names have 1 to 32 lowercase letters, digits, `-` and `_`, and start with a
   * letter. `code` and the names of account pages are reserved. Do not change them later. Default: none.
   */
  readonly providers?: Readonly<Record<Other, AnyUserProvider>>
  /**
   * How long users stay signed in on a device without visiting the server's pages. Each visit extends it; API calls do
   * not. The session also ends when the browser closes, unless the user checked "Keep me signed in". Default `'12h'`.
   */
  readonly sessionLifetime?: Duration
  /**
   * Lets your own single-page app call your API as the signed-in user, by an HttpOnly cookie in place of a token: `{}`, or
   * its options. Guards accept it on all routes for users, unless a route says `{ cookie: false }`. Default: off.
   */
  readonly apiCookie?: ApiCookieConfig<NoInfer<Scope>> | undefined
  /**
   * The checkbox "Keep me signed in" on the sign-in page. If it is checked, the session outlives the browser and lasts 30
   * days without use. `'off'` removes the checkbox. Default `{ lifetime: '30d', checked: false }`.
   */
  readonly keepSignedIn?: KeepSignedInConfig | 'off'
  /**
   * Turns on links to reset forgotten passwords: `{ send }`, a function that sends a link to its user. Adds the pages
   * `/forgot-password` and `/reset-password`, and `/auth/forgot-password` and `/auth/reset-password` for apps.
   * Needs a user provider with `setPassword`. Default: off.
   */
  readonly passwordReset?: PasswordResetConfig | undefined
  /**
   * How old a sign-in may be before the user must enter their password again to change it, to generate a personal
   * access token, or to register an app, generate its secret or change its redirect URIs. `'off'` never asks. Default
   * `'15m'`.
   */
  readonly reauthenticateAfter?: Duration | 'off'
  /**
   * The most devices that a user is signed in on, at least 1: a new sign-in signs out the oldest. Counts browsers, apps with
   * the sign-in API, and devices of clients with `endsWithSession`. If the database fails meanwhile, the oldest stays signed
   * in until the next sign-in. Default: no limit.
   */
  readonly maxSessions?: number
  /**
   * The origins to which the sign-out page may return, as `/logout?return_to=…`: `['https://shop.example']`. Must use
   * https; http is allowed for loopback addresses. The server's own origin is always allowed. Default: no others.
   */
  readonly returnOrigins?: readonly string[]
  /**
   * The pages on which users manage their account: `'devices'` (`/account/devices`: sign out devices), `'password'`
   * (`/account/password`: change the password), `'apps'` (`/account/apps`: connected apps), `'tokens'` (`/account/tokens`:
   * personal access tokens) and `'developer'` (`/account/developer`: the user's own apps). Default: all whose feature is on,
   * if users sign in on the server's pages. `[]` turns them off.
   */
  readonly accountPages?: readonly AccountPage[]
  /**
   * Returns the place of an IP address as users read it, such as `'Berlin, Germany'`, or undefined if it is unknown. Shown
   * with each device. Users wait for it for at most a second. Default: places are not shown.
   */
  readonly locate?: Locate
  /** The name, logo, color and links of the server's own pages, or pages of your own. */
  readonly pages?: PagesConfig<NoInfer<[Other] extends [never] ? User : User | BaseUser>>
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
  Claims extends object = AnyClaims,
  Schema extends FieldsSchema = AnyFieldsSchema,
>(
  config: Config<Scope, User, Main, Other, Claims, Schema>,
): Config<Scope, User, Main, Other, Claims, Schema> => config
