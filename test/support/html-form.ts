/** A form of a page, as a browser would send it. */
export interface HtmlForm {
  readonly action: string
  /** What its button says. */
  readonly label: string
  /** The fields with the values that they have. */
  readonly fields: Readonly<Record<string, string>>
}

/** The forms of a page. Reads what our own pages are made of, not all of HTML. */
export const formsIn = (html: string): readonly HtmlForm[] =>
  [...html.matchAll(/<form\s([^>]*)>(.*?)<\/form>/gs)].map(([, attributes = '', content = '']) => ({
    action: attribute(attributes, 'action') ?? '',
    label: textIn(/<button(?![^>]*type="button")[^>]*>(.*?)<\/button>/s.exec(content)?.[1] ?? ''),
    fields: fieldsIn(content),
  }))

/** The text that a piece of a page shows. */
export const textIn = (html: string): string =>
  unescapeHtml(html.replaceAll(/<(style|script).*?<\/\1>|<[^>]*>/gs, ' '))
    .replaceAll(/\s+/g, ' ')
    .trim()

/** Boxes that are not checked are not sent. */
function fieldsIn(html: string): Record<string, string> {
  const inputs = [...html.matchAll(/<input\s([^>]*)>/gs)].map(([, attributes = '']) => attributes)
  const sent = inputs.filter(
    (attributes) => attribute(attributes, 'type') !== 'checkbox' || /\schecked\b/.test(attributes),
  )
  const selects = [...html.matchAll(/<select\s([^>]*)>(.*?)<\/select>/gs)]
  return {
    ...fromPairs(sent.map((attributes) => [attributes, attribute(attributes, 'value') ?? ''])),
    ...fromPairs(selects.map(([, attributes = '', content = '']) => [attributes, selectedIn(content)])),
  }
}

/** Values by name, from the attributes that have the name. */
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

/** The text of an attribute or an element. */
export const unescapeHtml = (text: string): string =>
  text.replaceAll(/&(amp|lt|gt|quot|#39);/g, (_, name: string) => ENTITIES[name] ?? '')
