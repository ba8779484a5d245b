/** Consulate: an OAuth 2 authorization server for TypeScript applications. */
import './lib/node-version.ts'
export { createAuthorizationServer } from './server.ts'
export type { AuthorizationServer, Core, DescribedScope, ScopesForOptions } from './server.ts'
export type { AnyRequest } from './lib/location.ts'
export type { Health } from './endpoints/health.ts'
export type { Route } from './endpoints/routes.ts'
export type { Administration } from './administration/administration.ts'
export type { ClientAdministration, NewClient } from './administration/clients.ts'
export type { ConnectionAdministration } from './administration/connections.ts'
export type { ProviderOptions, SessionAdministration } from './administration/sessions.ts'
export type { AttemptTarget } from './administration/attempt.ts'
export type { TokenAdministration } from './administration/tokens.ts'
export type { UserLike } from './administration/user.ts'
export { defineConfig } from './config/config.ts'
export type { FailureLimit, ThrottleConfig } from './config/throttle.ts'
export type { RevocationsConfig } from './config/revocations.ts'
export type { DeclaredClient } from './config/clients.ts'
export type { Config } from './config/config.ts'
export type { PagesConfig, View, Views } from './config/pages.ts'
export type { PasswordResetConfig } from './config/password-reset.ts'
export type { PassportConfig } from './config/passport.ts'
export type { PersonalTokensConfig } from './config/personal-tokens.ts'
export type { ResourceConfig } from './config/resources.ts'
export type { UserAppsConfig } from './config/user-apps.ts'
export type { ConsentRequestInfo } from './config/consent-request.ts'
export type { AnyFields, AnyFieldsSchema, FieldsInput, FieldsOf, FieldsSchema } from './clients/fields.ts'
export type { StandardSchema } from './lib/standard-schema.ts'
export type { RegisteredClient } from './clients/register.ts'
export type { ClientRegistration } from './clients/registration.ts'
export type { ClientUpdate } from './clients/update.ts'
export type { RotatedSecret, SecretRotation } from './clients/rotate-secret.ts'
export { authorizationCode } from './grants/authorization-code.ts'
export type { AuthorizationCodeGrant, AuthorizationCodeOptions } from './grants/authorization-code.ts'
export { clientCredentials } from './grants/client-credentials.ts'
export type { ClientCredentialsGrant, ClientCredentialsOptions } from './grants/client-credentials.ts'
export { deviceCode } from './grants/device-code.ts'
export type { DeviceCodeGrant, DeviceCodeOptions } from './grants/device-code.ts'
export { implicitGrant } from './grants/implicit.ts'
export type { ImplicitGrant, ImplicitGrantOptions } from './grants/implicit.ts'
export { passwordGrant } from './grants/password.ts'
export type { PasswordGrant, PasswordGrantOptions } from './grants/password.ts'
export { refuse } from './grants/grant.ts'
export type {
  BuiltInGrant,
  Grant,
  GrantContext,
  GrantRequest,
  Refusal,
  RefusalEffects,
} from './grants/grant.ts'
export { chooseScopes, permit } from './grants/permit.ts'
export type { PermitOptions } from './grants/permit.ts'
export { chooseResources } from './grants/resources.ts'
export type { TokenInfo, TokenResponseInfo } from './issuance/customize.ts'
export type { Permission } from './issuance/permission.ts'
export type { Attempt } from './throttle/throttle.ts'
export type { UserDirectory, LoadedUser } from './users/directory.ts'
export { refreshToken } from './grants/refresh-token.ts'
export type { RefreshTokenGrant, RefreshTokenOptions } from './grants/refresh-token.ts'
export { signIn } from './grants/sign-in.ts'
export type { SignInFeature, SignInOptions } from './grants/sign-in.ts'
export type { DeviceSignIn } from './sign-in/sign-in-user.ts'
export type { SignInTokens } from './sign-in/sign-in.ts'
export type {
  CurrentSession,
  ResponseCookies,
  StartSessionOptions,
  StartedSession,
} from './sign-in/browser-sessions.ts'
export { secretsFromDirectory } from './keys/directory.ts'
export { secretsFromEnvironment } from './keys/environment.ts'
export { secretsFromStore } from './keys/store.ts'
export type { StoreSecretsOptions } from './keys/store.ts'
export type { KeyState, RootSecret, Secrets, SigningAlgorithm, SigningKey } from './keys/secrets.ts'
export type { SecretsFactory, SecretsSource } from './keys/secrets-source.ts'
export { builtInUsers } from './users/built-in.ts'
export type { BuiltInUser } from './users/built-in.ts'
export type {
  AnyUserProvider,
  AppSession,
  AppUser,
  AppUserProvider,
  AnyUser,
  BaseUser,
  PasswordFunctions,
  UserProvider,
  UserProviderFactory,
} from './users/provider.ts'
export type { ResetLink } from './users/password-reset.ts'
export type { PasswordChange } from './users/change-password.ts'
export type {
  Broadcast,
  BroadcastConnection,
  BroadcastOptions,
  LiveRevocations,
} from './broadcast/broadcast.ts'
export { ConfigError, OAuthError, StoreUnavailableError } from './errors.ts'
export type { ConfigProblem, ErrorCode, OAuthErrorOptions } from './errors.ts'
export type { EventMap } from './event-map.ts'
export type { Listener } from './events.ts'
export type { PurgeCounts, PurgeOptions, PurgeProgress, PurgeReport } from './jobs/purge.ts'
export type { Delivery, DeliveryState } from './model/webhook.ts'
export type { WebhookEndpointConfig, WebhooksConfig } from './config/webhooks.ts'
export type {
  DeliveryFilter,
  FailedDeliveries,
  WebhookEndpointInfo,
  WebhookManagement,
  WebhookTestResult,
} from './webhooks/management.ts'
export type { AuditAdministration, AuditQuery } from './administration/audit.ts'
export type { AuditConfig } from './config/audit.ts'
export type { MetricsAdministration } from './administration/metrics.ts'
export type { MetricsConfig } from './config/metrics.ts'
export type {
  AuditActor,
  AuditCursor,
  AuditedEvent,
  AuditEntry,
  AuditFilter,
  AuditRecord,
  CommandEvent,
} from './store/audit.ts'
export type { RevocationReason, RevokedBy, SessionEndReason } from './model/revocation.ts'
export type { AnyClaims, Auth, MachineAuth, UserAuth } from './guard/auth.ts'
export type {
  GuardCore,
  Guards,
  GuardsByProvider,
  RequestGuard,
  RequestGuards,
  Scopes,
} from './guard/request-guards.ts'
export type { Requirement } from './guard/requirement.ts'
export type { ResourceMetadata } from './model/resource.ts'
export { jsonLogger, silentLogger } from './lib/log.ts'
export type { Logger, LogFields, LogLevel } from './lib/log.ts'
export type { Clock } from './lib/clock.ts'
export type { Duration } from './lib/duration.ts'
export type { HttpResponse, HttpRequest } from './lib/http.ts'
export type { HeadersLike, RequestLike } from './lib/request-like.ts'
export type { Form } from './lib/form.ts'
export type { AccountPage } from './model/account-page.ts'
export type { Client, ClientChanges, ClientSecret, ClientType, GrantType } from './model/client.ts'
export type { Authorization } from './model/authorization.ts'
export type { ConnectedApp, ConnectedClient } from './clients/connections.ts'
export type { AuthorizationInfo, ClientInfo, SessionInfo } from './model/info.ts'
export type { CreatedPersonalToken, PersonalTokenRequest } from './personal-tokens/personal-tokens.ts'
export type { PersonalToken } from './personal-tokens/personal-tokens.ts'
export type { Session } from './model/session.ts'
export type { Locate } from './sessions/places.ts'
export type { RoutesConfig } from './config/routes.ts'
export type { RouteName } from './model/route-name.ts'
export type { ScopeConfig } from './config/scopes.ts'
export type { ScopeRules } from './model/scope.ts'
export type { UserRef } from './model/subject.ts'
export type { ListOptions } from './store/list-options.ts'
export type { Store } from './store/contract.ts'
export type { ViewProps } from './pages/props.ts'
export type { AppPage, AppPageOf, AppPages } from './endpoints/app-pages.ts'
export type { ViewContext, ViewHtml, ViewResult } from './pages/view.ts'
export type { PageLinks } from './pages/site.ts'
export { builtInMessages } from './pages/messages.ts'
export type { Messages } from './pages/messages.ts'
export { createFormats } from './pages/messages/formats.ts'
export type { Formats, PluralForms } from './pages/messages/formats.ts'
export { html } from './lib/html.ts'
export type { Html } from './lib/html.ts'
