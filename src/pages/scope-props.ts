/** A scope as users see it. */
export interface ScopeView {
  readonly id: string
  readonly description: string
  /** The language of the description (BCP 47), if the configuration names it. */
  readonly lang?: string
}

/** A scope on a consent page. */
export interface ConsentScopeView extends ScopeView {
  /** Whether the user has allowed it before. Users decide about the other scopes. */
  readonly isGranted: boolean
  /** Whether users may uncheck it (`partialConsent`). Such a scope needs a checkbox named `scope:<id>`, with any value. */
  readonly isOptional: boolean
}
