import type { ViewProps } from './props.ts'

/** A page with its props, as the app's own page reads it. */
export interface PageData {
  readonly view: keyof ViewProps
  readonly status: number
  readonly language: string
  readonly formTargets: readonly string[]
  readonly props: ViewProps[keyof ViewProps]
}

/** A page of the app that draws one of ours, sealed into its URL. */
export interface SealedPage {
  /** Identifies the browser that was redirected. */
  readonly browser: string
  /** The page: a path and query to open again, or one that answered a form. */
  readonly page: string | PageData
  /** Whose page it is. Missing for guests, and for a path that is opened again. */
  readonly session?: { readonly id: string; readonly provider: string }
}

/** How long (ms) the URL of a page of the app can be opened. */
export const SEALED_PAGE_LIFETIME = 3_600_000
