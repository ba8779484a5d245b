/** A form on a page. */
export interface HtmlForm {
  readonly action: string
  /** The text of its button. */
  readonly label: string
  /** The current values of the fields, by name. */
  readonly fields: Readonly<Record<string, string>>
}

/** Returns the forms of a page. Parses only the HTML that our own pages contain. */
export const formsIn = (html: string): readonly HtmlForm[] =>
  [...html.matchAll(/<form\s([^>]*)>(.*?)<\/form>/gs)].map(([, attributes = '', content = '']) => ({
    action: attribute(attributes, 'action') ?? '',
    label: textIn(/<button(?![^>]*type="button")[^>]*>(.*?)<\/button>/s.exec(content)?.[1] ?? ''),
    fields: { ...fieldsIn(content), ...fieldsIn(fieldsOutside(html, attribute(attributes, 'id'))) },
  }))

/** Returns the fields outside of a form that name it as theirs. */
const fieldsOutside = (html: string, id: string | undefined): string =>
  id === undefined
    ? ''
    : [...html.matchAll(/<input\s[^>]*>/g)]
        .map(([input]) => input)
        .filter((input) => attribute(input, 'form') === id)
        .join('')

/** Returns the visible text of HTML. */
export const textIn = (html: string): string =>
  unescapeHtml(html.replaceAll(/<(style|script).*?<\/\1>|<[^>]*>/gs, ' '))
    .replaceAll(/\s+/g, ' ')
    .trim()

/** Returns the fields that a browser would send: unchecked boxes, and fields without a name, are omitted. */
function fieldsIn(html: string): Record<string, string> {
  const inputs = [...html.matchAll(/<input\s([^>]*)>/gs)].map(([, attributes = '']) => attributes)
  const sent = inputs.filter(
    (attributes) =>
      attribute(attributes, 'name') !== undefined &&
      (!/^(?:checkbox|radio)$/.test(attribute(attributes, 'type') ?? '') || /\schecked\b/.test(attributes)),
  )
  const areas = [...html.matchAll(/<textarea\s([^>]*)>\n?(.*?)<\/textarea\s*>/gs)]
  const selects = [...html.matchAll(/<select\s([^>]*)>(.*?)<\/select>/gs)]
  return {
    ...fromPairs(sent.map((attributes) => [attributes, attribute(attributes, 'value') ?? ''])),
    ...fromPairs(areas.map(([, attributes = '', content = '']) => [attributes, unescapeHtml(content)])),
    ...fromPairs(selects.map(([, attributes = '', content = '']) => [attributes, selectedIn(content)])),
  }
}

const fromPairs = (pairs: readonly (readonly [string, string])[]): Record<string, string> =>
  Object.fromEntries(pairs.map(([attributes, value]) => [attribute(attributes, 'name') ?? '', value]))

function selectedIn(html: string): string {
  const options = [...html.matchAll(/<option\s([^>]*)>/gs)].map(([, attributes = '']) => attributes)
  const selected = options.find((attributes) => /\sselected\b/.test(attributes)) ?? options[0] ?? ''
  return attribute(selected, 'value') ?? ''
}

function attribute(attributes: string, name: string): string | undefined {
  const value = new RegExp(`(?:^|\\s)${name}="([^"]*)"`).exec(attributes)?.[1]
  return value === undefined ? undefined : unescapeHtml(value)
}

const ENTITIES: Readonly<Record<string, string>> = { amp: '&', lt: '<', gt: '>', quot: '"', '#39': "'" }

export const unescapeHtml = (text: string): string =>
  text.replaceAll(/&(amp|lt|gt|quot|#39);/g, (_, name: string) => ENTITIES[name] ?? '')
