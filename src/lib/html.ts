const ENTITIES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
}

/** Marks what was made here. JSON cannot hold a symbol, so no input can pass for markup. */
const MADE_HERE = Symbol('html')

/** Markup that is already escaped. Only the `html` tag and `trustedMarkup` make it. */
export interface Html {
  readonly markup: string
  readonly [MADE_HERE]: true
}

type Part = Html | string | number | undefined | false | readonly Part[]

/** Escapes a text for element content and for attribute values in quotes. */
export const escapeHtml = (text: string): string =>
  text.replace(/[&<>"']/g, (character) => ENTITIES[character] ?? '')

/** Marks a constant of our own (a style sheet) as markup. Never call it with anything that came from outside. */
export const trustedMarkup = (markup: string): Html => ({ markup, [MADE_HERE]: true })

/** Builds markup from a template: every value is escaped, except what `html` itself made; `false` and undefined vanish. */
export const html = (strings: TemplateStringsArray, ...values: readonly Part[]): Html => ({
  markup: strings.map((text, index) => text + (index < values.length ? render(values[index]) : '')).join(''),
  [MADE_HERE]: true,
})

function render(part: Part): string {
  if (part === undefined || part === false) return ''
  if (typeof part === 'string' || typeof part === 'number') return escapeHtml(String(part))
  return MADE_HERE in part ? part.markup : part.map(render).join('')
}
