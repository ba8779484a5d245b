import type { Broadcast } from '../broadcast/broadcast.ts'
import type { ClientFields } from '../clients/fields.ts'
import type { ClientDeclaration } from '../clients/declaration.ts'
import type { TokenFunctions } from '../issuance/customize.ts'
import type { SecretsSource } from '../keys/secrets-source.ts'
import { systemClock, type Clock } from '../lib/clock.ts'
import type { Duration } from '../lib/duration.ts'
import { jsonLogger, type Logger } from '../lib/log.ts'
import type { Locate } from '../sessions/places.ts'
import type { Pages } from '../pages/render.ts'
import type { ThrottleLimits } from '../throttle/throttle.ts'
import { resolveAppSessions, type AppSessionSettings } from './app-session.ts'
import { resolveApiCookie, type ApiCookieSettings } from './api-cookie.ts'
import { resolveAccountPages, type AccountSettings } from './account-pages.ts'
import { resolveClientFields } from './client-fields.ts'
import { resolveClients } from './clients.ts'
import type { Config } from './config.ts'
import { resolveConsent, type ConsentSettings } from './consent.ts'
import { resolveGrants, type GrantSettings } from './grants.ts'
import { resolveIssuer, resolvePrefix, type IssuerSettings } from './issuer.ts'
import { createValidator, type Validator } from '../lib/validator.ts'
import { checkOptions, validOptions } from './options.ts'
import { resolveKeepSignedIn, type KeepSignedInSettings } from './keep-signed-in.ts'
import { resolveReturnOrigins } from './origins.ts'
import { resolvePages } from './pages.ts'
import { resolvePassport } from './passport.ts'
import type { PassportSettings } from '../passport/settings.ts'
import { resolvePasswordReset, type PasswordResetSettings } from './password-reset.ts'
import { resolvePersonalTokens, type PersonalTokenSettings } from './personal-tokens.ts'
import { resolveProviders } from './providers.ts'
import { resolveResources, type ResourceSettings } from './resources.ts'
import { resolveRevocations, type RevocationSettings } from './revocations.ts'
import { resolveRoutes, type RouteSettings } from './routes.ts'
import { resolveScopeSettings, type ScopeSettings } from './scopes.ts'
import { resolveSecrets } from './secrets.ts'
import { resolveThrottle } from './throttle.ts'
import { resolveTokenFunctions } from './token-functions.ts'
import { resolveTrustedProxies } from './trusted-proxies.ts'
import { resolveUserApps, type UserAppSettings } from './user-apps.ts'
import { resolveSignIn, type SignInSettings } from './sign-in.ts'
import { resolveMetrics, type MetricsSettings } from './metrics.ts'
import { resolveWebhooks, type WebhookSettings } from './webhooks.ts'
import { resolveMaintenance, type MaintenanceSettings } from './maintenance.ts'

/** The checked configuration with all defaults. Times in milliseconds. Frozen. */
export interface Settings
  extends
    IssuerSettings,
    GrantSettings,
    MaintenanceSettings,
    RevocationSettings,
    AccountSettings,
    ResourceSettings,
    ScopeSettings,
    RouteSettings,
    ConsentSettings,
    TokenFunctions {
  readonly prefix: string
  readonly accessTokenLifetime: number
  /** Undefined if the sign-in API is off. */
  readonly signIn: SignInSettings | undefined
  /** Undefined if personal access tokens are off. */
  readonly personalTokens: PersonalTokenSettings | undefined
  /** Undefined if nothing was imported from Passport. */
  readonly passport: PassportSettings | undefined
  /** Undefined if users cannot register apps. */
  readonly userApps: UserAppSettings | undefined
  /** Undefined if places are unknown. */
  readonly locate: Locate | undefined
  readonly pkce: 'public' | 'always'
  /** The name of the default provider. */
  readonly provider: string
  /** The names of all providers, the default one first. */
  readonly providers: readonly string[]
  /** Those that can change passwords. Includes factories of providers, which are called later. */
  readonly passwordProviders: ReadonlySet<string>
  /** By provider. Its users sign in to the app instead of on our page. */
  readonly appSessions: ReadonlyMap<string, AppSessionSettings>
  readonly sessionLifetime: number
  /** Undefined if guards accept no cookie. */
  readonly apiCookie: ApiCookieSettings | undefined
  /** Undefined if every session ends with the browser. */
  readonly keepSignedIn: KeepSignedInSettings | undefined
  /** Undefined if forgotten passwords cannot be reset. */
  readonly passwordReset: PasswordResetSettings | undefined
  /** How old a sign-in may be for sensitive actions. Undefined if the password is never asked for again. */
  readonly reauthenticateAfter: number | undefined
  /** Undefined for no limit. */
  readonly maxSessions: number | undefined
  /** The origins to which the sign-out page may return, the server's own included. */
  readonly returnOrigins: ReadonlySet<string>
  /** The checks of the clients' own fields. */
  readonly clientFields: ClientFields
  /** The clients that the configuration declares. */
  readonly clients: readonly ClientDeclaration[]
  readonly trustedProxies: readonly string[]
  readonly throttle: ThrottleLimits
  /** Undefined if nodes only poll the store. */
  readonly broadcast: Broadcast | undefined
  readonly guardCacheSize: number
  /** Undefined if there are no webhooks. */
  readonly webhooks: WebhookSettings | undefined
  /** Undefined if metrics are off. */
  readonly metrics: MetricsSettings | undefined
  readonly migrations: 'on-start' | 'manual'
  readonly secrets: SecretsSource
  readonly pages: Pages
  readonly logger: Logger
  readonly clock: Clock
}

/**
 * Checks a configuration and applies the defaults.
 *
 * @throws ConfigError with every problem
 */
export function resolveSettings(given: Config): Settings {
  const validator = createValidator()
  const config = validOptions(given, validator)
  checkOptions(config, validator)
  const time = (path: string, value: Duration | undefined, fallback: Duration): number =>
    validator.duration(path, value ?? fallback)
  const issuer = resolveIssuer(config.issuer, validator)
  const grants = resolveGrants(config.grants, validator)
  const providers = resolveProviders(config, validator)
  const personalTokens = resolvePersonalTokens(config.personalTokens, validator)
  const sessionLifetime = time('sessionLifetime', config.sessionLifetime, '12h')
  const { scopes, ...descriptions } = resolveScopeSettings(config, validator)
  const userApps = resolveUserApps(config.userApps, { ...grants, scopes }, validator)
  const features = { ...grants, ...providers, personalTokens, userApps }
  const accessTokenLifetime = config.accessTokenLifetime ?? '15m'
  const clientFields = resolveClientFields(config.clientFields, validator)
  const resolved: Omit<Settings, keyof RouteSettings> = {
    ...issuer,
    ...grants,
    ...resolveResources(
      {
        ...issuer,
        audience: config.audience,
        resources: config.resources ?? [],
        scopes: scopes.defined,
      },
      validator,
    ),
    prefix: resolvePrefix(config.prefix ?? '/oauth', validator),
    scopes,
    ...descriptions,
    accessTokenLifetime: validator.duration('accessTokenLifetime', accessTokenLifetime),
    signIn: resolveSignIn(config.grants, { accessTokenLifetime, rules: scopes }, validator),
    ...resolveTokenFunctions(config),
    personalTokens,
    passport: resolvePassport(config.passport, validator),
    userApps,
    ...resolveAccountPages(config.accountPages, features, validator),
    locate: config.locate,
    pkce: validator.oneOf('pkce', config.pkce ?? 'public', ['public', 'always']),
    ...resolveConsent(config, validator),
    ...providers,
    appSessions: resolveAppSessions(config, issuer.issuer, validator),
    sessionLifetime,
    apiCookie: resolveApiCookie(config.apiCookie, { ...issuer, sessionLifetime, rules: scopes }, validator),
    keepSignedIn: resolveKeepSignedIn(config.keepSignedIn, sessionLifetime, validator),
    passwordReset: resolvePasswordReset(config.passwordReset, providers, validator),
    reauthenticateAfter:
      config.reauthenticateAfter === 'off'
        ? undefined
        : time('reauthenticateAfter', config.reauthenticateAfter, '15m'),
    maxSessions:
      config.maxSessions === undefined
        ? undefined
        : validator.positiveInteger('maxSessions', config.maxSessions),
    returnOrigins: resolveReturnOrigins(issuer.issuer, config.returnOrigins ?? [], validator),
    clientFields,
    clients: resolveClients(config.clients ?? [], { ...providers, scopes, fields: clientFields }, validator),
    trustedProxies: resolveTrustedProxies(config.trustedProxies ?? [], validator),
    throttle: resolveThrottle(config.throttle ?? {}, validator),
    ...resolveRevocations(config.revocations ?? {}, validator),
    broadcast: resolveBroadcast(config.broadcast, validator),
    guardCacheSize: validator.positiveInteger('guardCacheSize', config.guardCacheSize ?? 20_000),
    migrations: validator.oneOf('migrations', config.migrations ?? 'on-start', ['on-start', 'manual']),
    ...resolveMaintenance(config, validator),
    webhooks: resolveWebhooks(config.webhooks, validator),
    metrics: resolveMetrics(config.metrics, validator),
    secrets: resolveSecrets({ ...config, ...issuer }, validator),
    pages: resolvePages(issuer.issuer, config.pages, validator),
    logger: config.logger ?? jsonLogger(),
    clock: config.clock ?? systemClock,
  }
  const settings: Settings = { ...resolved, ...resolveRoutes(config.routes, resolved, validator) }
  checkStore(config, validator)
  if (settings.pkce === 'always' && settings.grants.has('implicit')) {
    validator.problem('pkce', "must not be 'always' with implicitGrant(), which has no PKCE")
  }
  validator.throwIfInvalid()
  return Object.freeze(settings)
}

function resolveBroadcast(broadcast: Config['broadcast'], validator: Validator): Broadcast | undefined {
  if (broadcast && typeof broadcast.open !== 'function')
    validator.problem('broadcast', "is not a broadcast. Write redis('redis://localhost:6379')")
  return broadcast
}

function checkStore({ store }: Partial<Config>, validator: Validator): void {
  if (typeof store?.migrate !== 'function')
    validator.problem(
      'store',
      `${store ? 'is not a store' : 'is missing'}. Write sqlite('./data/consulate.db')`,
    )
}
