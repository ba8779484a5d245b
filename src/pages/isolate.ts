import { html } from '../lib/html.ts'
import type { Html } from '../lib/html.ts'

const LONGEST_NAME = 80

/** Text from outside within a sentence of ours: escaped, and set apart from the direction of what surrounds it. */
export const isolate = (text: string): Html => html`<bdi>${clean(text)}</bdi>`

/** The name of a client or a person, in bold; at most 80 characters as readers count them, so that it hides nothing below. */
export const isolateName = (name: string): Html => html`<strong><bdi>${shorten(clean(name))}</bdi></strong>`

/** A host or a scheme, in bold: always left to right and always whole, since its end says whose it is. */
export const isolateHost = (host: string): Html => html`<strong><bdi dir="ltr">${clean(host)}</bdi></strong>`

/**
 * Directional controls go: an override turns `moc.live` into `evil.com`, and a lone U+2069 ends the isolation that
 * `<bdi>` began. Line breaks and other controls become spaces; marks piled on one letter would cover the lines around.
 */
const clean = (text: string): string =>
  text
    .replace(/[\u202a-\u202e\u2066-\u2069]/gu, '')
    .replace(/[\p{Cc}\p{Zl}\p{Zp}]/gu, ' ')
    .replace(/(\p{M}{4})\p{M}+/gu, '$1')

function shorten(name: string): string {
  // Most names are short, and the first use of Intl costs every start of a server tens of milliseconds.
  if (name.length <= LONGEST_NAME) return name
  const letters = Array.from(new Intl.Segmenter().segment(name), ({ segment }) => segment)
  return letters.length > LONGEST_NAME ? `${letters.slice(0, LONGEST_NAME).join('')}…` : name
}
