import { createHash } from 'node:crypto'
import { trustedMarkup } from '../lib/html.ts'
import type { Html } from '../lib/html.ts'
import { createLocalizedTexts, createTextLookup } from '../lib/language.ts'
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
  /** The language of users whose languages the server does not have (BCP 47). Default: `en`, or the first of `languages`. */
  readonly language?: string
  /** The languages to choose from, such as `['en', 'vi']`. Default: all, `en`, `vi`, `zh` and those of `messages`. */
  readonly languages?: readonly string[]
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

/** A link to the same page in another language. */
export interface LanguageLink {
  /** BCP 47. */
  readonly lang: string
  /** What the language calls itself. */
  readonly name: string
  readonly href: string
}

/** What all pages of a server share. */
export interface Site {
  readonly messages: Messages
  /** Empty if there is one language only, and on the answer to a form. */
  readonly languageLinks: readonly LanguageLink[]
  readonly name: string
  readonly logo: string | undefined
  readonly favicon: string
  readonly links: PageLinks
  readonly style: Html
  /** The style as a source of a Content-Security-Policy (CSP Level 3 section 2.3.1). */
  readonly styleSource: string
}

/** The site in each of its languages. */
export interface Sites {
  /** The language of users who speak none of the others. */
  readonly language: string
  readonly languages: readonly string[]
  /** Returns the first of these languages that the site has, or else its own. */
  choose(languages: readonly string[]): string
  /** Returns the site in a language, with links to the others. `query` is that of the page; undefined for no links. */
  in(language: string, query?: string): Site
}

/** Creates a site in each of its languages. */
export function createSites(options: SiteOptions): Sites {
  const texts: MessagesByLanguage = { ...builtInMessages, ...options.messages }
  const languages = options.languages ?? Object.keys(texts)
  const { language = languages.includes('en') ? 'en' : (languages[0] ?? 'en') } = options
  // Only when a page is shown: a server can start in the time that its colors take.
  let shared: ReturnType<typeof createSharedParts> | undefined
  const lookup = createLocalizedTexts(languages.map((tag) => [tag, tag]))
  const fallback = { text: language }
  return {
    language,
    languages,
    choose: (preferred) => createTextLookup(preferred)({ ...lookup, fallback }).text,
    in: (tag, query) => ({
      ...(shared ??= createSharedParts(options)),
      messages: texts[tag] ?? texts[language] ?? builtInMessages.en,
      languageLinks: languages
        .filter((other) => other !== tag && query !== undefined)
        .map((other) => linkTo(other, texts[other] ?? builtInMessages.en, query ?? '')),
    }),
  }
}

const linkTo = (language: string, { lang, name }: Messages, query: string): LanguageLink => ({
  lang,
  name,
  href: `?language=${language}${query === '' ? '' : `&${query}`}`,
})

function createSharedParts(options: SiteOptions): Omit<Site, 'messages' | 'languageLinks'> {
  const { name, accent = DEFAULT_ACCENT, logo, links = {} } = options
  const style = styleSheet(accent)
  return {
    name,
    logo,
    favicon: options.favicon ?? `data:image/svg+xml,${encodeURIComponent(iconFor(accent))}`,
    links,
    // The hash in the policy covers every character between the tags.
    style: trustedMarkup(`<style>${style}</style>`),
    styleSource: `'sha256-${createHash('sha256').update(style).digest('base64')}'`,
  }
}
