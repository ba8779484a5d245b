import { createHash } from 'node:crypto'
import { trustedMarkup } from '../lib/html.ts'
import type { Html } from '../lib/html.ts'
import { iconFor } from './icon.ts'
import { builtInMessages, type Messages, type MessagesByLanguage } from './messages.ts'
import { DEFAULT_ACCENT } from './palette.ts'
import { styleSheet } from './style.ts'

/** Links on the pages: https URLs, or paths on the server's own origin. */
export interface PageLinks {
  /** In the footer of every page. */
  readonly privacy?: string
  /** In the footer of every page. */
  readonly terms?: string
  /** In the footer of every page, and on error pages. */
  readonly support?: string
  /** On the sign-in page. */
  readonly forgotPassword?: string
  /** On the sign-in page. */
  readonly signUp?: string
  /** Where users see and revoke the access of apps. The consent page refers to it. */
  readonly account?: string
}

/** The look of a server's pages. */
export interface SiteOptions {
  /** The name of the server. */
  readonly name: string
  /** The language of users whose languages the server does not have (BCP 47). Default: `en`. */
  readonly language?: string
  /** More languages, by BCP 47 tag: `{ de }`. One named `en`, `vi` or `zh` replaces the built-in one. */
  readonly messages?: MessagesByLanguage
  /** Shown in place of the name at the top of each page: a path on the server's own origin, or a `data:` URI of an image. */
  readonly logo?: string
  /** The icon in the browser's tab, like `logo`. Default: a padlock. */
  readonly favicon?: string
  /** The brand color, as a CSS hex color. Default: a quiet blue. */
  readonly accent?: string
  /** Links on the pages: https URLs, or paths on the server. */
  readonly links?: PageLinks
}

/** What all pages of a server share. */
export interface Site {
  readonly messages: Messages
  readonly name: string
  readonly logo: string | undefined
  readonly favicon: string
  readonly links: PageLinks
  readonly style: Html
  /** The style as a source of a Content-Security-Policy (CSP Level 3 section 2.3.1). */
  readonly styleSource: string
}

export function createSite(options: SiteOptions): Site {
  const { name, language = 'en', messages = {}, accent = DEFAULT_ACCENT, logo, links = {} } = options
  // Only when a page is shown: a server can start in the time that its colors take.
  let sheet: Pick<Site, 'style' | 'styleSource'> | undefined
  return {
    messages: { ...builtInMessages, ...messages }[language] ?? builtInMessages.en,
    name,
    logo,
    favicon: options.favicon ?? `data:image/svg+xml,${encodeURIComponent(iconFor(accent))}`,
    links,
    get style() {
      return (sheet ??= createSheet(accent)).style
    },
    get styleSource() {
      return (sheet ??= createSheet(accent)).styleSource
    },
  }
}

function createSheet(accent: string): Pick<Site, 'style' | 'styleSource'> {
  const style = styleSheet(accent)
  return {
    // The hash in the policy covers every character between the tags.
    style: trustedMarkup(`<style>${style}</style>`),
    styleSource: `'sha256-${createHash('sha256').update(style).digest('base64')}'`,
  }
}
