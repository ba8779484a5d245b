import type { AccountPage } from '../model/account-page.ts'

/** Fields that a form must send back unchanged: the anti-forgery token, the sealed request. */
export type HiddenFields = Readonly<Record<string, string>>

/** A form without further fields: POST `hidden` to `action`. */
export interface FormTarget {
  readonly action: string
  readonly hidden: HiddenFields
}

/** A link to an account page. */
export interface AccountLink {
  readonly page: AccountPage
  readonly url: string
  /** Whether it is the page that is shown. */
  readonly isCurrent: boolean
}

/** What every account page shows around its content. */
export interface AccountProps {
  readonly userName: string
  readonly signOutUrl: string
  /** The navigation: only pages that are turned on. */
  readonly accountPages: readonly AccountLink[]
}

/** A client as users see it. What it says about itself is unverified, except `host`. */
export interface ClientView {
  readonly name: string
  /** The host of the redirect URI; null for an app on the user's device, which has a scheme of its own. */
  readonly host: string | null
  /** A path on the server's own origin, or a `data:` URI of an image. */
  readonly logo: string | null
  /** An https URL, like `privacy` and `terms`. */
  readonly homepage: string | null
  readonly privacy: string | null
  readonly terms: string | null
  /** The company or developer behind the app. */
  readonly publisher: string | null
  /** True if a user registered the client, false if the operator did. */
  readonly isThirdParty: boolean
}

/** An API that a token would be for (RFC 8707), as users see it. */
export interface ResourceView {
  readonly uri: string
  /** From the configuration; null if it has none. */
  readonly name: string | null
  /** The host of an http or https URL, otherwise null. */
  readonly host: string | null
}
