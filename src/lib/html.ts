const ENTITIES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
}

/** JSON cannot contain a symbol, so no input can pass for markup. */
const ESCAPED = Symbol('html')

/** Escaped markup. Only the `html` tag and `trustedMarkup` create it. */
export interface Html {
  readonly markup: string
  readonly [ESCAPED]: true
}

type Part = Html | string | number | undefined | false | readonly Part[]

/** Escapes a string for element content and quoted attribute values. */
export const escapeHtml = (text: string): string =>
  text.replace(/[&<>"']/g, (character) => ENTITIES[character] ?? '')

/** Marks a constant (a style sheet) as markup. Never call it with input. */
export const trustedMarkup = (markup: string): Html => ({ markup, [ESCAPED]: true })

/** Builds markup from a template. Escapes every value except other markup; omits `false` and undefined. */
export const html = (strings: TemplateStringsArray, ...values: readonly Part[]): Html => ({
  markup: strings.map((text, index) => text + (index < values.length ? render(values[index]) : '')).join(''),
  [ESCAPED]: true,
})

function render(part: Part): string {
  if (part === undefined || part === false) return ''
  if (typeof part === 'string' || typeof part === 'number') return escapeHtml(String(part))
  return ESCAPED in part ? part.markup : part.map(render).join('')
}
