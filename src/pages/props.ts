import type { ErrorReason } from '../errors.ts'
import type { DeviceDecision } from '../model/device-code.ts'
import type { DeviceKind } from '../model/device-kind.ts'
import type { SignInWith } from '../model/subject.ts'
import type { DeveloperViewProps } from './developer/props.ts'
import type {
  ForgotPasswordProps,
  ForgotPasswordSentProps,
  InvalidResetLinkProps,
  PasswordProps,
  PasswordResetProps,
  ResetPasswordProps,
} from './password-props.ts'
import type { ConnectedAppsProps, DisconnectAppProps } from './account/connected-app-props.ts'
import type { ConsentScopeView, ScopeView } from './scope-props.ts'
import type { AccountProps, ClientView, FormTarget, ResourceView } from './shared-props.ts'
import type { SignInAgainProps } from './sign-in-again-props.ts'

export type {
  ForgotPasswordProps,
  ForgotPasswordSentProps,
  InvalidResetLinkProps,
  PasswordProps,
  PasswordResetProps,
  ResetPasswordProps,
} from './password-props.ts'
export type {
  ConnectedAppsProps,
  ConnectedAppView,
  DisconnectAppProps,
} from './account/connected-app-props.ts'
export type { ConsentScopeView, ScopeView } from './scope-props.ts'
export type {
  AccountLink,
  AccountProps,
  ClientView,
  FormTarget,
  HiddenFields,
  ResourceView,
} from './shared-props.ts'
export type { SignInAgainProps } from './sign-in-again-props.ts'

/** The sign-in page: POST `hidden`, `username` and `password`. */
export interface SignInProps extends FormTarget {
  /** The provider whose users sign in here, such as `users`. */
  readonly provider: string
  /** Decides how the field `username` is labeled. */
  readonly signInWith: SignInWith
  /** What the user entered before, or a hint. */
  readonly username: string
  /**
   * Whether the checkbox "Keep me signed in" is checked; undefined if there is none. The form sends it as
   * `keep_signed_in=yes`.
   */
  readonly keepSignedIn?: boolean
  /** The page for forgotten passwords, if `passwordReset` is configured. */
  readonly forgotPasswordUrl?: string
  /** The client that started the sign-in, if one did. */
  readonly client?: ClientView
  /** Why the last attempt failed: wrong name or password, a form that timed out, or too many attempts (seconds to wait). */
  readonly problem?:
    | { readonly kind: 'credentials' | 'expired' }
    | { readonly kind: 'throttled'; readonly seconds: number }
}

/** The consent page (RFC 6749 section 4.1.1). */
export interface ConsentProps {
  readonly client: ClientView
  /** What the client requests. Empty if it only wants to know who the user is. */
  readonly scopes: readonly ConsentScopeView[]
  /** The APIs that the client requests access to. Empty if it is only the default one. */
  readonly resources: readonly ResourceView[]
  /** The signed-in user: the email, else the name, else the id. */
  readonly userName: string
  /** POST `hidden`, and `scope:<id>` for each checked scope. Those that are optional and not sent are not granted. */
  readonly approve: FormTarget
  readonly deny: FormTarget
  /** Leads to the sign-in page. */
  readonly switchAccount: FormTarget
  /** The page of connected apps, where users can revoke the access later; undefined if it is off. */
  readonly appsUrl?: string
}

/** The page of an error that must not be sent to the client (RFC 6749 section 4.1.2.1), or of a rejected form. */
export interface ErrorProps {
  readonly status: number
  /** An error code, such as `invalid_request`. */
  readonly code: string
  /** One sentence for developers, without input and without a period. */
  readonly description: string
  /** Set if there is a sentence for users. `unknown_client`: the app is not registered here. */
  readonly reason?: ErrorReason
  /** The ID of the request in the log. */
  readonly requestId: string
}

/** The page that asks before signing out. */
export interface SignOutProps extends FormTarget {
  readonly userName: string
}

/** The page after signing out. */
export interface SignedOutProps {
  readonly signInUrl: string
}

/** The page after a sign-in that no client started. */
export interface SignedInProps {
  readonly userName: string
  readonly signOutUrl: string
  /** Leads to the first account page, if there is one. */
  readonly accountUrl?: string
}

/** A device on which the user is signed in. Times in ms. */
export interface DeviceView {
  readonly id: string
  /** `Chrome on Windows`, or a name that an app chose. */
  readonly name: string
  readonly kind: DeviceKind
  /** The IP address that signed in; empty if unknown. */
  readonly address: string
  /** What `locate` returned for the address; null if it is unknown. */
  readonly place: string | null
  readonly createdAt: number
  /** The last visit of a page, or the last refresh of a token by an app on the device. */
  readonly lastSeenAt: number
  /** Whether it is the device that shows the page. */
  readonly isCurrent: boolean
  /** The page that asks before signing it out. */
  readonly signOutUrl: string
}

/** The page where users see the devices on which they are signed in. */
export interface DevicesProps extends AccountProps {
  /** The current device first, then those last seen. At most 100. */
  readonly devices: readonly DeviceView[]
  /** How many devices are not shown. */
  readonly hidden: number
  /** The page that asks before signing out all other devices; undefined if there are none. */
  readonly signOutOthersUrl?: string
  /** The time of the response (ms), to compare with. */
  readonly now: number
  /** What was just done: one device was signed out, or all others were. */
  readonly notice?:
    | { readonly kind: 'signed-out'; readonly name: string }
    | { readonly kind: 'others-signed-out' }
}

/** The page that asks before signing out another device, or all others. */
export interface SignOutDeviceProps {
  /** Undefined for all other devices. */
  readonly device?: Pick<DeviceView, 'name' | 'kind' | 'address' | 'place' | 'createdAt'>
  readonly signOut: FormTarget
  /** The page of all devices. */
  readonly devicesUrl: string
}

/** A personal access token. Times in ms. */
export interface PersonalTokenView {
  readonly id: string
  readonly name: string
  /** `*` stands for every scope. */
  readonly scopes: readonly ScopeView[]
  readonly createdAt: number
  /** Null until it is used. */
  readonly lastUsedAt: number | null
  readonly expiresAt: number
  /** The page that asks before revoking it. */
  readonly revokeUrl: string
}

/** The page where users see their personal access tokens and generate new ones. */
export interface PersonalTokensProps extends AccountProps {
  /** Newest first. */
  readonly tokens: readonly PersonalTokenView[]
  /** POST `hidden`, `name`, `expires_in`, and for each selected scope `scope:<id>` with any value. */
  readonly create: FormTarget
  /** The scopes to choose from. */
  readonly scopes: readonly ScopeView[]
  /** The values of `expires_in` to choose from (seconds). */
  readonly lifetimes: readonly number[]
  /** The values of the form: what the user entered, or the defaults. */
  readonly values: { readonly name: string; readonly scopes: readonly string[]; readonly lifetime: number }
  /** True if the form must also send `current_password`, because the user signed in too long ago. */
  readonly asksPassword: boolean
  /** Set if the user must sign in to your app again first: leads there. The form is then rejected. */
  readonly signInAgainUrl?: string
  /** The name of a token that was just revoked. */
  readonly revoked?: string
  /**
   * Why the last attempt failed: an invalid name, a scope that no longer exists, a lifetime that is too long, the maximum
   * number of tokens, a form that was already submitted, an incorrect or missing password, too many new tokens in a day,
   * or too many incorrect passwords (seconds to wait).
   */
  readonly problem?:
    | {
        readonly kind: 'name' | 'scopes' | 'expiresIn' | 'full' | 'repeated' | 'password' | 'passwordRequired'
      }
    | { readonly kind: 'throttled' | 'passwordThrottled'; readonly seconds: number }
}

/** The page that asks before revoking a personal access token. */
export interface RevokePersonalTokenProps {
  readonly name: string
  readonly revoke: FormTarget
  /** The page of all tokens. */
  readonly tokensUrl: string
}

/** The page that shows a new personal access token, once. */
export interface NewPersonalTokenProps {
  readonly name: string
  readonly accessToken: string
  readonly scopes: readonly ScopeView[]
  /** In ms. */
  readonly expiresAt: number
  /** The page of all tokens. */
  readonly tokensUrl: string
}

/** The page where users enter the code of a device (RFC 8628 section 3.3): POST `hidden` and `user_code`. */
export interface DeviceCodeProps extends FormTarget {
  /** What the user entered before, or the code from the URL. It has not been looked up. */
  readonly userCode: string
  /** Why the last attempt failed: a wrong code, a form that timed out, or too many wrong codes (seconds to wait). */
  readonly problem?:
    | { readonly kind: 'incorrect' | 'expired' }
    | { readonly kind: 'throttled'; readonly seconds: number }
}

/** The page that asks whether to allow a device. */
export interface DeviceConsentProps extends Omit<ConsentProps, 'client'> {
  /** A device has no redirect URI. */
  readonly client: Omit<ClientView, 'host'>
  /** As the device shows it: `WDJB-MJHT`. */
  readonly userCode: string
  /** The IP address that asked for the code; empty if unknown. */
  readonly address: string
}

/** The page after the user allowed or denied a device. */
export interface DeviceDoneProps {
  readonly client: Pick<ClientView, 'name'>
  readonly decision: DeviceDecision
}

/** The pages, by name, with their props. */
export interface ViewProps extends DeveloperViewProps {
  readonly signIn: SignInProps
  readonly signInAgain: SignInAgainProps
  readonly consent: ConsentProps
  readonly error: ErrorProps
  readonly signOut: SignOutProps
  readonly signedOut: SignedOutProps
  readonly signedIn: SignedInProps
  readonly devices: DevicesProps
  readonly signOutDevice: SignOutDeviceProps
  readonly password: PasswordProps
  readonly forgotPassword: ForgotPasswordProps
  readonly forgotPasswordSent: ForgotPasswordSentProps
  readonly resetPassword: ResetPasswordProps
  readonly invalidResetLink: InvalidResetLinkProps
  readonly passwordReset: PasswordResetProps
  readonly personalTokens: PersonalTokensProps
  readonly revokePersonalToken: RevokePersonalTokenProps
  readonly newPersonalToken: NewPersonalTokenProps
  readonly connectedApps: ConnectedAppsProps
  readonly disconnectApp: DisconnectAppProps
  readonly deviceCode: DeviceCodeProps
  readonly deviceConsent: DeviceConsentProps
  readonly deviceDone: DeviceDoneProps
}
