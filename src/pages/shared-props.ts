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
