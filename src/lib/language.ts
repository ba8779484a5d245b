/** A text, and its language (BCP 47) if it is known. */
export interface LocalizedText {
  readonly text: string
  readonly lang?: string
}

/** The same text in several languages. */
export interface LocalizedTexts {
  /** English, or else the first one. */
  readonly fallback: LocalizedText
  /** By canonical language tag, in lower case. */
  readonly byLanguage: ReadonlyMap<string, LocalizedText>
}

/** Returns the canonical form of a language tag (RFC 5646 section 4.5), or undefined if it is malformed. */
export function canonicalLanguage(tag: string): string | undefined {
  try {
    return Intl.getCanonicalLocales(tag)[0]
  } catch {
    return undefined
  }
}

/** Creates the texts from pairs of a canonical language tag and a text, at least one. */
export function createLocalizedTexts(
  entries: readonly (readonly [lang: string, text: string])[],
): LocalizedTexts {
  const all = entries.map(([lang, text]) => ({ lang, text }))
  const isEnglish = ({ lang }: { readonly lang: string }): boolean => new Intl.Locale(lang).language === 'en'
  const fallback = all.find(({ lang }) => lang === 'en') ?? all.find(isEnglish) ?? all[0] ?? { text: '' }
  return { fallback, byLanguage: new Map(all.map((entry) => [entry.lang.toLowerCase(), entry])) }
}

/** The most languages that count, of each of the two. Browsers send fewer. */
const MAX_LANGUAGES = 10

/** RFC 5646 section 4.4.1. */
const MAX_TAG_LENGTH = 35

/** A language and its weight in `Accept-Language` (RFC 9110 section 12.5.4). */
const WEIGHTED = /^\s*([a-z0-9-]+)\s*(?:;\s*q=(0(?:\.\d{0,3})?|1(?:\.0{0,3})?)\s*)?$/i

/**
 * Returns the languages of a request as canonical tags, the preferred ones first: those of `ui_locales`, separated by
 * spaces, then those of `Accept-Language`. Leaves out malformed, undetermined (`und`) and rejected (`q=0`) ones, and `*`.
 */
export function preferredLanguages(uiLocales = '', acceptLanguage = ''): readonly string[] {
  const accepted = acceptLanguage
    .split(',', MAX_LANGUAGES)
    .map((item) => WEIGHTED.exec(item))
    .map((match) => ({ tag: match?.[1] ?? '', weight: Number(match?.[2] ?? 1) }))
    .filter(({ weight }) => weight > 0)
    .toSorted((left, right) => right.weight - left.weight)
  const tags = [...uiLocales.split(' ', MAX_LANGUAGES), ...accepted.map(({ tag }) => tag)]
  return tags
    .filter(({ length }) => length <= MAX_TAG_LENGTH)
    .map(canonicalLanguage)
    .filter((tag) => tag !== undefined)
    .filter((tag) => !/^und\b/.test(tag))
}

/**
 * Creates a function that returns the text in the first of these languages that has one, or the fallback. Looks up each
 * language as RFC 4647 section 3.4 does, from `zh-Hant-HK` to `zh`. It also tries the usual script and region, so that
 * `zh-TW` finds `zh-Hant` and `pt` finds `pt-BR`.
 */
export function createTextLookup(languages: readonly string[]): (texts: LocalizedTexts) => LocalizedText {
  // Most servers have texts in one language only, and need no candidates.
  let candidates: readonly string[] | undefined
  return ({ byLanguage, fallback }) => {
    if (byLanguage.size === 0) return fallback
    candidates ??= [...new Set(languages.flatMap(lookupSteps))]
    const found = candidates.find((tag) => byLanguage.has(tag))
    return (found === undefined ? undefined : byLanguage.get(found)) ?? fallback
  }
}

/** Returns what to look for, in lower case: the tag with fewer and fewer subtags, and with the usual script and region. */
function lookupSteps(tag: string): readonly string[] {
  const { language, script } = new Intl.Locale(tag).maximize()
  const usual = new Intl.Locale(language).maximize()
  const likely = [
    `${language}-${script}`,
    language,
    `${language}-${usual.script}`,
    `${language}-${usual.region}`,
  ]
  return [...truncations(tag), ...likely].map((each) => each.toLowerCase())
}

/** The language alone is not included. Some end with a single letter, as no tag of a text does. */
function truncations(tag: string): readonly string[] {
  const subtags = tag.split('-')
  return subtags.slice(1).map((_, index) => subtags.slice(0, subtags.length - index).join('-'))
}
