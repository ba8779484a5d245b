import type { HttpRequest } from '../../src/index.ts'
import { formBody, type Parameters } from '../support/oauth-client.ts'

/** Names and values in order. Names can repeat. */
export type Pairs = readonly (readonly [name: string, value: string])[]

export type BodyFormat = 'form' | 'json' | 'multipart'

/** A request in parts that mutations can change. */
export interface Draft {
  readonly method: string
  readonly path: string
  readonly query: Pairs
  /** With names in lower case. */
  readonly headers: Pairs
  readonly body: Pairs | undefined
  readonly format: BodyFormat
  readonly peer: string
}

/** A request in its encoded form. */
export interface Message {
  readonly method: string
  readonly path: string
  readonly query: string
  readonly headers: Pairs
  readonly body: Buffer | undefined
  readonly peer: string
}

/** A GET request by default. The address can have a query. */
export function draft(address: string, parts: Partial<Draft> = {}): Draft {
  const [path = '', query = ''] = address.split('?')
  return {
    method: 'GET',
    path,
    query: [...new URLSearchParams(query)],
    headers: [['accept', 'text/html']],
    body: undefined,
    format: 'form',
    peer: '127.0.0.1',
    ...parts,
  }
}

export const FORM = ['content-type', 'application/x-www-form-urlencoded'] as const

export const post = (path: string, parameters: Parameters, ...headers: Pairs): Draft =>
  draft(path, { method: 'POST', body: toPairs(parameters), headers: [FORM, ...headers] })

export const toPairs = (parameters: Parameters): Pairs => [...formBody(parameters)]

export function toMessage({ query, body, format, ...rest }: Draft): Message {
  return {
    ...rest,
    query: encode(query),
    body: body && Buffer.from(WRITERS[format](body)),
  }
}

const encode = (pairs: Pairs): string =>
  new URLSearchParams(pairs.map(([name, value]): [string, string] => [name, value])).toString()

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

/** Parses a text as JSON, to send numbers, lists and null. Returns other texts unchanged. */
function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return text
  }
}

/** Returns a header as Node presents it: repeated ones are joined. */
export function headerOf({ headers }: Pick<Message, 'headers'>, name: string): string | undefined {
  const values = headers.filter(([other]) => other === name).map(([, value]) => value)
  if (values.length === 0) return undefined
  // Node keeps only the first of these.
  if (['authorization', 'host', 'content-type', 'user-agent', 'referer'].includes(name)) return values[0]
  return values.join(name === 'cookie' ? '; ' : ', ')
}

export const toHttpRequest = (message: Message): HttpRequest => ({
  method: message.method,
  path: message.path,
  query: message.query,
  peer: message.peer,
  header: (name) => headerOf(message, name),
  body: async (limit) => {
    const { body } = message
    return body && body.length > limit ? undefined : (body?.toString() ?? '')
  },
  original: message,
})

/** Converts a message for `fetch` handlers. Returns undefined if the Fetch standard forbids such a request. */
export function toFetchRequest(
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
