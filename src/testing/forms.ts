/** A form on a page. */
export interface PageForm {
  readonly action: string
  /** What a browser would send: the names and values of its fields. */
  readonly fields: Readonly<Record<string, string>>
}

/** Returns the forms of a page. Reads the HTML of our pages, and similar HTML. */
export const formsIn = (html: string): readonly PageForm[] =>
  [...html.matchAll(/<form\b([^>]*)>(.*?)<\/form\s*>/gis)].map(([, attributes = '', content = '']) => ({
    action: attribute(attributes, 'action') ?? '',
    fields: { ...fieldsIn(content), ...fieldsIn(inputsOf(html, attribute(attributes, 'id'))) },
  }))

/** Returns the inputs anywhere on the page that name a form as theirs. */
const inputsOf = (html: string, form: string | undefined): string =>
  form === undefined
    ? ''
    : (html.match(/<input\b[^>]*>/gi) ?? []).filter((input) => attribute(input, 'form') === form).join('')

function fieldsIn(html: string): Record<string, string> {
  const inputs = html.match(/<input\b[^>]*>/gi) ?? []
  return Object.fromEntries(
    inputs.filter(isSent).map((input) => [attribute(input, 'name') ?? '', attribute(input, 'value') ?? 'on']),
  )
}

/** A browser sends fields that have a name, and boxes that are checked. */
const isSent = (input: string): boolean =>
  attribute(input, 'name') !== undefined &&
  (!/^(?:checkbox|radio)$/i.test(attribute(input, 'type') ?? '') || /\schecked\b/i.test(input))

function attribute(attributes: string, name: string): string | undefined {
  const [, double, single] =
    new RegExp(`\\s${name}\\s*=\\s*(?:"([^"]*)"|'([^']*)')`, 'i').exec(attributes) ?? []
  const value = double ?? single
  return value?.replaceAll(/&(amp|lt|gt|quot|#39|#x27);/g, (_, entity: string) => ENTITIES[entity] ?? '')
}

const ENTITIES: Readonly<Record<string, string>> = {
  amp: '&',
  lt: '<',
  gt: '>',
  quot: '"',
  '#39': "'",
  '#x27': "'",
}
