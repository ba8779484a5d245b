import { checkFormTarget } from './headers.ts'

/** Describes one message, not a page. The server sets these itself. */
const OMITTED: ReadonlySet<string> = new Set([
  'connection',
  'content-encoding',
  'content-length',
  'date',
  'keep-alive',
  'trailer',
  'transfer-encoding',
  'upgrade',
  'x-request-id',
])

/** Headers of a response, by name. */
export type PageHeaders = Readonly<Record<string, string>>

/** Returns the headers of a response as the server writes their names, so that none is sent twice. Without cookies. */
export function headersOf({ headers }: Pick<Response, 'headers'>): PageHeaders {
  const listed = [...headers].filter(([name]) => !OMITTED.has(name) && name !== 'set-cookie')
  return Object.fromEntries(listed.map(([name, value]) => [titleCase(name), value]))
}

const titleCase = (name: string): string => name.replace(/(?:^|-)[a-z]/g, (letters) => letters.toUpperCase())

/**
 * Completes the headers of a page of your own. It is never stored or sniffed. Its policy, frame protection and referrer
 * policy are its own; the default ones are added if it has none.
 */
export function withSecurityHeaders(
  own: PageHeaders,
  defaults: Readonly<Record<string, string>>,
  formTargets: readonly string[],
): PageHeaders {
  const { 'X-Frame-Options': frameOptions, ...others } = defaults
  const { 'Content-Security-Policy': policy } = own
  const isFrameable = policy !== undefined && /(?:^|[;,])\s*frame-ancestors\s/i.test(policy)
  return {
    ...others,
    // Browsers ignore it if there is `frame-ancestors` (CSP Level 3 section 6.4.2.2); others would not.
    ...(!isFrameable && frameOptions !== undefined && { 'X-Frame-Options': frameOptions }),
    ...own,
    ...(policy !== undefined && { 'Content-Security-Policy': completePolicy(policy, formTargets) }),
    'X-Content-Type-Options': 'nosniff',
    'Cache-Control': 'no-store',
  }
}

/**
 * Completes a Content-Security-Policy: `form-action` allows what the forms need, and framing and other base URLs are
 * forbidden unless it says otherwise. A header may contain several policies, all of which apply.
 */
export function completePolicy(text: string, formTargets: readonly string[]): string {
  const targets = ["'self'", ...formTargets.map(checkFormTarget)]
  const policies = text.split(',').map((policy) => directivesOf(policy))
  return policies
    .filter((directives) => directives.size > 0)
    .map((directives) => {
      addFormTargets(directives, targets)
      for (const name of ['frame-ancestors', 'base-uri'])
        if (!directives.has(name)) directives.set(name, ["'none'"])
      return [...directives].map(([name, values]) => [name, ...values].join(' ')).join('; ')
    })
    .join(', ')
}

function addFormTargets(directives: Map<string, readonly string[]>, targets: readonly string[]): void {
  const listed = (directives.get('form-action') ?? []).filter((source) => source.toLowerCase() !== "'none'")
  directives.set('form-action', [...new Set([...listed, ...targets])])
}

/** Only the first directive of a name counts (CSP Level 3 section 2.2.1). */
function directivesOf(policy: string): Map<string, readonly string[]> {
  const directives = new Map<string, readonly string[]>()
  for (const directive of policy.split(';')) {
    const [name = '', ...values] = directive.trim().split(/\s+/)
    const key = name.toLowerCase()
    if (key !== '' && !directives.has(key)) directives.set(key, values)
  }
  return directives
}
