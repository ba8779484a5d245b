import type { Audit } from '../audit/audit.ts'
import type { BroadcastConnection } from '../broadcast/broadcast.ts'
import type { Events } from '../events.ts'
import type { Issuance } from '../issuance/issue.ts'
import type { LastUsedTracker } from '../jobs/last-used.ts'
import type { OwnerCheck } from '../jobs/owner-check.ts'
import type { DerivedKeys } from '../keys/derived.ts'
import type { KeySet } from '../keys/key-set.ts'
import type { BuiltInGrantContext } from '../grants/grant.ts'
import type { UserRef } from '../model/subject.ts'
import type { PersonalTokens } from '../personal-tokens/personal-tokens.ts'
import type { UserApps } from '../user-apps/user-apps.ts'
import type { RevocationFeed } from '../revocations/feed.ts'
import type { Revoker } from '../revocations/revoker.ts'
import type { ApiCookies } from '../sessions/api-cookies.ts'
import type { AppSessionCookies } from '../sessions/app-session-cookies.ts'
import type { Csrf } from '../sessions/csrf.ts'
import type { Devices } from '../sessions/devices.ts'
import type { BearerGuard } from '../guard/guard.ts'
import type { GuardCore } from '../guard/request-guards.ts'
import type { TokenVerifier } from '../guard/token.ts'
import type { DeviceCookies } from '../sessions/device-cookie.ts'
import type { DeviceTokens } from '../sessions/device-tokens.ts'
import type { SignInService } from '../sign-in/sign-in.ts'
import type { Places } from '../sessions/places.ts'
import type { SessionLimit } from '../sessions/session-limit.ts'
import type { Sessions } from '../sessions/sessions.ts'
import type { Settings } from '../config/settings.ts'
import type { ClientCache } from '../clients/cache.ts'
import type { ClientRegistry } from '../clients/registry.ts'
import type { Connections } from '../clients/connections.ts'
import type { Store } from '../store/contract.ts'
import type { Telemetry } from '../telemetry/telemetry.ts'
import type { Throttle } from '../throttle/throttle.ts'
import type { PasswordResets } from '../users/password-reset.ts'
import type { UserDirectory } from '../users/directory.ts'
import type { ConsentRequest, ReturnTo } from '../model/signed-state.ts'
import type { SealedPage } from '../pages/page-data.ts'
import type { ValueSealer } from '../lib/sealed-value.ts'
import type { ValueSigner } from '../lib/signed-value.ts'
import type { WebhookManagement } from '../webhooks/management.ts'
import type { Outbox } from '../webhooks/outbox.ts'

/** Everything that endpoints use. Created once, when the server starts. */
export interface Services {
  readonly settings: Settings
  readonly store: Store
  readonly keys: KeySet
  readonly derived: DerivedKeys
  /** Verifies access tokens: the server's own, and imported ones. */
  readonly accessTokens: TokenVerifier
  readonly feed: RevocationFeed
  readonly broadcast: BroadcastConnection
  readonly revoker: Revoker
  readonly issuance: Issuance
  readonly personalTokens: PersonalTokens
  readonly userApps: UserApps
  readonly passwordResets: PasswordResets
  readonly lastUsed: LastUsedTracker
  readonly ownerCheck: OwnerCheck
  readonly grantContext: BuiltInGrantContext
  readonly clients: ClientCache
  /** Registers, changes and revokes clients. */
  readonly clientRegistry: ClientRegistry
  readonly connections: Connections
  readonly userDirectory: UserDirectory
  readonly sessions: Sessions
  readonly apiCookies: ApiCookies
  readonly appSessionCookies: AppSessionCookies
  readonly devices: Devices
  readonly places: Places
  readonly sessionLimit: SessionLimit
  readonly csrf: Csrf
  readonly deviceCookies: DeviceCookies
  readonly deviceTokens: DeviceTokens
  readonly signIn: SignInService
  /** Accepts access tokens only. */
  readonly guard: BearerGuard
  /** Accepts the API cookie too. For routes of the app. */
  readonly checkRequest: GuardCore['check']
  readonly consentSigner: ValueSigner<ConsentRequest>
  readonly returnToSigner: ValueSigner<ReturnTo>
  readonly pageSealer: ValueSealer<SealedPage>
  readonly throttle: Throttle
  /** Counts the device codes of public clients, since anyone can use a client's id. */
  readonly deviceCodeThrottle: Throttle
  readonly events: Events
  /** Undefined without webhooks. */
  readonly outbox: Outbox | undefined
  readonly webhooks: WebhookManagement
  readonly audit: Audit
  readonly telemetry: Telemetry
  readonly subjectOf: (user: UserRef) => string
  /** Stops the background jobs, and writes what they have not written yet. */
  close(): Promise<void>
}
