/** Parameters of a query or a form body, each at most once. Those without a value count as left out (RFC 6749 section 3.1). */
export interface Form {
  get(name: string): string | undefined
  readonly entries: () => IterableIterator<[string, string]>
}

/** What is wrong with a text that should be `application/x-www-form-urlencoded`. */
export type FormProblem = 'repeated' | 'encoding' | 'nul'

/** No parameters. */
export const EMPTY_FORM: Form = new Map<string, string>()

/** Reads parameters strictly: a repeated name, a broken percent-encoding, bytes that are no UTF-8 and NULs are problems. */
export function parseForm(text: string): Form | FormProblem {
  if (text.includes('%') && (/%(?![0-9A-Fa-f]{2})/.test(text) || /%00/.test(text))) {
    return /%(?![0-9A-Fa-f]{2})/.test(text) ? 'encoding' : 'nul'
  }
  const parameters = new Map<string, string>()
  for (const [name, value] of new URLSearchParams(text)) {
    if (value.includes('\ufffd') || name.includes('\ufffd')) return 'encoding'
    if (value.includes('\0') || name.includes('\0')) return 'nul'
    if (parameters.has(name)) return 'repeated'
    parameters.set(name, value)
  }
  for (const [name, value] of parameters) if (value === '') parameters.delete(name)
  return parameters
}
