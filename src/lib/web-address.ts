/**
 * A path on the server's own origin. `//host` and `/\host` lead to another origin, and parsers drop tabs and line ends
 * before they look.
 */
const PATH = /^\/(?![/\\])[!-[\]-~]*$/

/** Browsers show these as images only: they run no script, not even one inside an SVG. */
const IMAGE_DATA = /^data:image\/[a-z0-9.+-]+(?:;[A-Za-z0-9=-]+)*,[!-~]*$/

export const isPath = (text: string): boolean => PATH.test(text)

/** Returns whether a page may show this image under our Content-Security-Policy: one of our origin, or a data: URI. */
export const isImageAddress = (text: string): boolean => isPath(text) || IMAGE_DATA.test(text)

/**
 * Returns whether this is an https URL without credentials, which could make it look like another host. Lone surrogates are
 * rejected because databases handle them differently.
 */
export function isHttpsUrl(text: string): boolean {
  if (!/^https:\/\/[^\s\p{Cc}\\]+$/iu.test(text) || !text.isWellFormed()) return false
  const url = URL.parse(text)
  return url !== null && url.username === '' && url.password === ''
}

/** The longest URL to return to, in characters. */
const MAX_RETURN_URL_LENGTH = 2048

/** Browsers read `https:evil` and `https:\\evil` as URLs too, and drop tabs and line ends. */
const WEB_URL = /^https?:\/\/[^\s\p{Cc}\\/?#@][^\s\p{Cc}\\]*$/iu

/**
 * Returns a URL that leads to one of these origins, in its normal form, or undefined: for another origin, for a URL with
 * credentials, and for text that parsers understand differently.
 */
export function returnUrlTo(origins: ReadonlySet<string>, text: string | undefined): string | undefined {
  if (text === undefined || text.length > MAX_RETURN_URL_LENGTH || !WEB_URL.test(text)) return undefined
  const url = URL.parse(text)
  const isPlain = url?.username === '' && url.password === ''
  return url && isPlain && origins.has(url.origin) ? url.href : undefined
}
