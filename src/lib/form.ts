/** Parameters of a query or a form body. Those without a value count as left out (RFC 6749 section 3.1). */
export interface Form {
  /** Returns a parameter, or the first of several. */
  get(name: string): string | undefined
  /** Returns every value of a parameter. Only `resource` can have more than one (RFC 8707 section 2). */
  getAll(name: string): readonly string[]
  /** Returns the pairs of name and value in order. */
  entries(): Iterable<[name: string, value: string]>
}

/** What is wrong with a text that should be `application/x-www-form-urlencoded`. */
export type FormProblem = 'repeated' | 'encoding' | 'nul'

const REPEATABLE = 'resource'

/** Printable ASCII without percent-encoding, which decodes to nothing else. */
const PLAIN = /^[ -$&-~]*$/

/** Parses parameters strictly: rejects repeated names, invalid percent-encoding or UTF-8, and NUL characters. */
export function parseForm(text: string): Form | FormProblem {
  if (text.includes('%') && (/%(?![0-9A-Fa-f]{2})/.test(text) || /%00/.test(text))) {
    return /%(?![0-9A-Fa-f]{2})/.test(text) ? 'encoding' : 'nul'
  }
  const pairs: [name: string, value: string][] = []
  const names = new Set<string>()
  const isPlain = PLAIN.test(text)
  for (const [name, value] of new URLSearchParams(text)) {
    if (!isPlain && (value.includes('\ufffd') || name.includes('\ufffd'))) return 'encoding'
    if (!isPlain && (value.includes('\0') || name.includes('\0'))) return 'nul'
    if (names.has(name) && name !== REPEATABLE) return 'repeated'
    names.add(name)
    if (value !== '') pairs.push([name, value])
  }
  return createForm(pairs)
}

/** Creates a form from pairs without empty values. */
export function createForm(pairs: readonly [name: string, value: string][]): Form {
  const first = new Map<string, string>()
  for (const [name, value] of pairs) if (!first.has(name)) first.set(name, value)
  return {
    get: (name) => first.get(name),
    getAll: (name) =>
      first.has(name) ? pairs.filter(([key]) => key === name).map(([, value]) => value) : [],
    entries: () => pairs,
  }
}

/** A form without parameters. */
export const EMPTY_FORM: Form = createForm([])
