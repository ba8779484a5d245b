import { html, type Html } from '../lib/html.ts'

const MAX_NAME_LENGTH = 80

/** Text from outside within a sentence of ours: escaped, and isolated from the direction of the text around it. */
export const isolate = (text: string): Html => html`<bdi>${cleanText(text)}</bdi>`

/** The same for a text in another language, so that screen readers pronounce it correctly. */
export const isolateIn = (text: string, lang: string | undefined, pageLang: string): Html =>
  lang === undefined || lang === pageLang ? isolate(text) : html`<bdi lang="${lang}">${cleanText(text)}</bdi>`

/** The name of a client or a user, in bold. At most 80 visible characters, so that it cannot push away what follows. */
export const isolateName = (name: string): Html => html`<strong>${isolateShort(name)}</strong>`

export const isolateShort = (name: string): Html => html`<bdi>${shortText(name)}</bdi>`

/** The same for an attribute: at most 80 visible characters, without directional controls. */
export const shortText = (name: string): string => shorten(cleanText(name))

/** A host, in bold: always left to right and never shortened, since its end tells who owns it. */
export const isolateHost = (host: string): Html =>
  html`<strong><bdi dir="ltr">${cleanText(host)}</bdi></strong>`

/** An IP address, left to right. */
export const isolateAddress = (address: string): Html => html`<bdi dir="ltr">${shortText(address)}</bdi>`

/** The first letter or digit of a name; undefined if it has none. */
export const initialOf = (name: string): string | undefined =>
  /[\p{L}\p{N}]\p{M}{0,4}/u.exec(name)?.[0].toLocaleUpperCase()

/**
 * Removes directional controls: an override turns `moc.live` into `evil.com`, and a lone U+2069 ends the isolation of
 * `<bdi>`. Line breaks and other controls become spaces. Marks piled on one letter would cover the lines around it.
 */
export const cleanText = (text: string): string =>
  text
    .replace(/[\u202a-\u202e\u2066-\u2069]/gu, '')
    .replace(/[\p{Cc}\p{Zl}\p{Zp}]/gu, ' ')
    .replace(/(\p{M}{4})\p{M}+/gu, '$1')

function shorten(name: string): string {
  // Most names are short, and the first use of Intl takes tens of milliseconds.
  if (name.length <= MAX_NAME_LENGTH) return name
  const characters = Array.from(new Intl.Segmenter().segment(name), ({ segment }) => segment)
  return characters.length > MAX_NAME_LENGTH ? `${characters.slice(0, MAX_NAME_LENGTH).join('')}…` : name
}
