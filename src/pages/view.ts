import type { ViewProps } from './props.ts'

/** What every page of your own receives besides its props. */
export interface ViewContext<User = unknown> {
  /** The request, without its body, which may contain a password. */
  readonly request: Request
  /** The request of the framework: an Express request, a Koa context, a Fetch `Request`. */
  readonly original: unknown
  /** The signed-in user, as `find` of the user provider returned it. Undefined for guests. */
  readonly user: User | undefined
  /** The language of the page (BCP 47). */
  readonly language: string
  /** Allows the scripts and styles that have it as their `nonce`. New for each page. */
  readonly nonce: string
  /**
   * Where the forms of the page may redirect to besides this server, such as `https:`. The server adds them to `form-action`
   * of a policy of your own.
   */
  readonly formTargets: readonly string[]
}

/** HTML with a Content-Security-Policy of its own. */
export interface ViewHtml {
  /** A whole HTML document. */
  readonly html: string
  /**
   * The Content-Security-Policy. The server adds `frame-ancestors 'none'` and `base-uri 'none'` if they are missing, and to
   * `form-action` what the forms need. Default: see `nonce`.
   */
  readonly csp?: string | undefined
}

/**
 * What a page of your own returns: a whole HTML document, also with its policy; a `Response`; or a `Response` that redirects
 * to a page of your app on the same origin, which gets the props from `server.pages.props(request)`.
 */
export type ViewResult = string | ViewHtml | Response

/** A page of your own. You escape the props. */
export type OwnView<Name extends keyof ViewProps, User = unknown> = (
  props: ViewProps[Name] & ViewContext<User>,
) => ViewResult | Promise<ViewResult>

/** Your own pages. The others are built in. */
export type OwnViews<User = unknown> = { readonly [Name in keyof ViewProps]?: OwnView<Name, User> }
