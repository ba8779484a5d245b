import type { HttpRequest } from '../../src/index.ts'
import { formBody, type Parameters } from '../support/oauth-client.ts'

/** Names and values, in order; names may come again. */
export type Pairs = readonly (readonly [name: string, value: string])[]

/** How the parameters of a body are written. */
export type BodyFormat = 'form' | 'json' | 'multipart'

/** A request in the parts that mutations work on. */
export interface Draft {
  readonly method: string
  readonly path: string
  readonly query: Pairs
  /** Names in lower case. */
  readonly headers: Pairs
  /** Undefined where it has none. */
  readonly body: Pairs | undefined
  readonly format: BodyFormat
  readonly peer: string
}

/** A request as it is on the wire. */
export interface Message {
  readonly method: string
  readonly path: string
  readonly query: string
  readonly headers: Pairs
  readonly body: Buffer | undefined
  readonly peer: string
}

/** A GET of a path, from nowhere in particular. */
export const draft = (path: string, parts: Partial<Draft> = {}): Draft => ({
  method: 'GET',
  path,
  query: [],
  headers: [['accept', 'text/html']],
  body: undefined,
  format: 'form',
  peer: '127.0.0.1',
  ...parts,
})

/** What a form is sent as. */
export const FORM = ['content-type', 'application/x-www-form-urlencoded'] as const

/** A form that is posted. */
export const post = (path: string, parameters: Parameters, ...headers: Pairs): Draft =>
  draft(path, { method: 'POST', body: pairsOf(parameters), headers: [FORM, ...headers] })

/** Turns parameters into pairs of name and value. */
export const pairsOf = (parameters: Parameters): Pairs => [...formBody(parameters)]

/** Writes a draft down. */
export function messageOf({ query, body, format, ...rest }: Draft): Message {
  return {
    ...rest,
    query: encode(query),
    body: body && Buffer.from(WRITERS[format](body)),
  }
}

/** `application/x-www-form-urlencoded`. */
const encode = (pairs: Pairs): string =>
  new URLSearchParams(pairs.map(([name, value]): [string, string] => [name, value])).toString()

/** What separates the parts of a multipart body. */
export const BOUNDARY = '----fuzz'

const WRITERS: Readonly<Record<BodyFormat, (pairs: Pairs) => string>> = {
  form: encode,
  json: (pairs) => JSON.stringify(Object.fromEntries(pairs.map(([name, text]) => [name, jsonOf(text)]))),
  multipart: (pairs) =>
    pairs
      .map(
        ([name, value]) =>
          `--${BOUNDARY}\r\nContent-Disposition: form-data; name="${name}"\r\n\r\n${value}\r\n`,
      )
      .join('')
      .concat(`--${BOUNDARY}--\r\n`),
}

/** What a text is as JSON, where it is any: lists, numbers, null. */
function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return text
  }
}

/** A header as the server sees it: several of one name are joined, as Node does it. */
export function headerOf({ headers }: Pick<Message, 'headers'>, name: string): string | undefined {
  const values = headers.filter(([other]) => other === name).map(([, value]) => value)
  if (values.length === 0) return undefined
  // Of these Node keeps the first only.
  if (['authorization', 'host', 'content-type', 'user-agent', 'referer'].includes(name)) return values[0]
  return values.join(name === 'cookie' ? '; ' : ', ')
}

/** A message as adapters hand it to the server. */
export const incomingOf = (message: Message): HttpRequest => ({
  method: message.method,
  path: message.path,
  query: message.query,
  peer: message.peer,
  header: (name) => headerOf(message, name),
  body: async (limit) => {
    const { body } = message
    return body && body.length > limit ? undefined : (body?.toString() ?? '')
  },
})

/** A message as a request of the Fetch standard; undefined where the standard has no such request. */
export function requestOf(
  { method, path, query, headers, body }: Message,
  origin: string,
): Request | undefined {
  const url = `${origin}${path}${query === '' ? '' : `?${query}`}`
  try {
    const list = headers.map(([name, value]): [string, string] => [name, value])
    return new Request(url, { method, headers: list, ...(body && { body: new Uint8Array(body) }) })
  } catch {
    return undefined
  }
}
