import type { DeviceDecision } from '../model/device-code.ts'

/** A client as people see it. */
export interface ClientView {
  readonly name: string
  /** Where it lives: the host of the redirect URI, or the app's own scheme. */
  readonly host: string
}

/** A scope as people see it. */
export interface ScopeView {
  readonly id: string
  readonly description: string
}

/** Fields that a form must send back unaltered: anti-forgery token, sealed request. */
export type HiddenFields = Readonly<Record<string, string>>

/** The sign-in page. */
export interface SignInProps {
  /** Where the form posts to. */
  readonly action: string
  readonly hidden: HiddenFields
  /** The name of the provider whose people sign in here, such as `users`: so that a view of yours can tell them apart. */
  readonly provider: string
  /** The user name that was typed before, or a hint. */
  readonly username: string
  /**
   * Whether the checkbox "Keep me signed in" is checked; undefined if there is none. The form sends it as
   * `keep_signed_in=yes`.
   */
  readonly keepSignedIn?: boolean
  /** Who asks, where a client started this. */
  readonly client?: ClientView
  /** Why the last try failed: wrong name or password, too many tries (seconds to wait), or a form that was open too long. */
  readonly problem?:
    | { readonly kind: 'credentials' | 'expired' }
    | { readonly kind: 'throttled'; readonly seconds: number }
}

/** The consent page (RFC 6749 section 4.1.1). */
export interface ConsentProps {
  readonly client: ClientView
  /** Empty where nothing beyond signing in is asked. */
  readonly scopes: readonly ScopeView[]
  /** Who is signed in, as they know themselves. */
  readonly userName: string
  /** Approve: POST with `hidden`. */
  readonly approve: { readonly action: string; readonly hidden: HiddenFields }
  /** Deny: POST with `hidden` (which holds `_method=DELETE`). */
  readonly deny: { readonly action: string; readonly hidden: HiddenFields }
  /** Sign in as somebody else: POST with `hidden`. */
  readonly switchAccount: { readonly action: string; readonly hidden: HiddenFields }
}

/** The page of an error that must not be sent to the client (RFC 6749 section 4.1.2.1), or of a form that cannot go on. */
export interface ErrorProps {
  readonly status: number
  /** An error code, such as `invalid_request`. */
  readonly code: string
  /** One sentence without input. */
  readonly description: string
  /** For support: the request id that is in the log. */
  readonly requestId: string
}

/** Sign-out: asks first, and says so afterwards. */
export interface SignOutProps {
  readonly action: string
  readonly hidden: HiddenFields
  readonly userName: string
}

/** Signed out. */
export interface SignedOutProps {
  readonly signInUrl: string
}

/** Signed in with nowhere to go on to. */
export interface SignedInProps {
  readonly userName: string
  readonly signOutUrl: string
  /** The page of personal access tokens, where people can make any. */
  readonly tokensUrl?: string
}

/** A personal access token as its owner sees it. Times in ms. */
export interface PersonalTokenView {
  readonly id: string
  readonly name: string
  /** `*` stands for every scope. */
  readonly scopes: readonly ScopeView[]
  readonly createdAt: number
  /** Null until it is used. */
  readonly lastUsedAt: number | null
  readonly expiresAt: number
  /** End it: POST with `hidden`. */
  readonly revoke: { readonly action: string; readonly hidden: HiddenFields }
}

/** The page where a person sees their personal access tokens, and makes one. */
export interface PersonalTokensProps {
  /** Who is signed in, as they know themselves. */
  readonly userName: string
  /** Where they can sign out. */
  readonly signOutUrl: string
  /** Newest first. */
  readonly tokens: readonly PersonalTokenView[]
  /** Make one: POST with `hidden`, `name`, `expires_in`, and for each scope that is wanted `scope:<id>` with any value. */
  readonly create: { readonly action: string; readonly hidden: HiddenFields }
  /** What may be chosen. */
  readonly scopes: readonly ScopeView[]
  /** What `expires_in` may be chosen from (seconds). */
  readonly lifetimes: readonly number[]
  /** The values of the form: what the user entered, or the defaults. */
  readonly values: { readonly name: string; readonly scopes: readonly string[]; readonly lifetime: number }
  /**
   * Why the last try failed: a name that is none, a scope that is not there any more, a lifetime that is too long, too many
   * tokens, a form that was answered before, or too many tokens within a day (seconds to wait).
   */
  readonly problem?:
    | { readonly kind: 'name' | 'scopes' | 'expiresIn' | 'full' | 'repeated' }
    | { readonly kind: 'throttled'; readonly seconds: number }
}

/** The page that shows a personal access token that was just made, this once. */
export interface NewPersonalTokenProps {
  readonly name: string
  readonly accessToken: string
  readonly scopes: readonly ScopeView[]
  /** In ms. */
  readonly expiresAt: number
  /** Back to the list. */
  readonly tokensUrl: string
}

/** A client of devices as people see it: it has no redirect URI, and so no host. */
export type DeviceClientView = Pick<ClientView, 'name'>

/** The page where a person types in what a device shows (RFC 8628 section 3.3). */
export interface DeviceCodeProps {
  /** Where the form posts to. */
  readonly action: string
  readonly hidden: HiddenFields
  /** What was typed before, or what came with the address: nobody has looked it up. */
  readonly userCode: string
  /** Why the last try failed: a wrong code, too many of them (seconds to wait), or a form that was open too long. */
  readonly problem?:
    | { readonly kind: 'incorrect' | 'expired' }
    | { readonly kind: 'throttled'; readonly seconds: number }
}

/** The page that asks whether a device may go on. */
export interface DeviceConsentProps {
  readonly client: DeviceClientView
  /** As the device shows it: `WDJB-MJHT`. */
  readonly userCode: string
  /** The address that the device asked from; empty where the server does not know it. */
  readonly address: string
  /** Empty where nothing beyond signing in is asked. */
  readonly scopes: readonly ScopeView[]
  /** Who is signed in, as they know themselves. */
  readonly userName: string
  /** Approve: POST with `hidden`. */
  readonly approve: { readonly action: string; readonly hidden: HiddenFields }
  /** Deny: POST with `hidden` (which holds `_method=DELETE`). */
  readonly deny: { readonly action: string; readonly hidden: HiddenFields }
  /** Sign in as somebody else: POST with `hidden`. */
  readonly switchAccount: { readonly action: string; readonly hidden: HiddenFields }
}

/** The page that says what a device was told. */
export interface DeviceDoneProps {
  readonly client: DeviceClientView
  readonly decision: DeviceDecision
}

/** The views of the server, by name, with what each is given. */
export interface ViewProps {
  readonly signIn: SignInProps
  readonly consent: ConsentProps
  readonly error: ErrorProps
  readonly signOut: SignOutProps
  readonly signedOut: SignedOutProps
  readonly signedIn: SignedInProps
  readonly personalTokens: PersonalTokensProps
  readonly newPersonalToken: NewPersonalTokenProps
  readonly deviceCode: DeviceCodeProps
  readonly deviceConsent: DeviceConsentProps
  readonly deviceDone: DeviceDoneProps
}

/** A view of your own: props to a whole HTML document. You escape what you print; the headers stay ours. */
export type View<Name extends keyof ViewProps> = (props: ViewProps[Name]) => string | Promise<string>

/** Your views; what is left out is ours. */
export type Views = { readonly [Name in keyof ViewProps]?: View<Name> }
