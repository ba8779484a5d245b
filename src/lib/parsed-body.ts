import { bodyAlreadyRead, bodyParsedEmpty, type HttpRequest } from './http.ts'

const FORM_TYPE = 'application/x-www-form-urlencoded'
const JSON_TYPE = 'application/json'

/**
 * Returns the text of a body that a framework has read: text, bytes, or a parsed form or JSON value, which is encoded
 * again so that it is checked like any other body. Returns undefined if it is longer than `limit` bytes.
 *
 * @throws OAuthError `server_error` if it cannot be what was sent, `invalid_request` if nothing is left of it
 */
export async function readParsedBody(
  body: unknown,
  header: HttpRequest['header'],
  limit: number,
): Promise<string | undefined> {
  const text = textOf(body) ?? encode(body, header)
  if (text === undefined) throw bodyAlreadyRead()
  return Buffer.byteLength(text) > limit ? undefined : text
}

/** Returns a body that was read but not parsed, or undefined if it was parsed. */
export function textOf(body: unknown): string | undefined {
  if (typeof body === 'string') return body
  if (body instanceof Uint8Array) return Buffer.from(body).toString()
  return body instanceof URLSearchParams ? body.toString() : undefined
}

function encode(body: unknown, header: HttpRequest['header']): string | undefined {
  const type = header('content-type')?.split(';', 1)[0]?.trim().toLowerCase()
  if (typeof body !== 'object' || (body === null && type !== JSON_TYPE)) return undefined
  // `{}` itself has two bytes.
  if (body && Object.keys(body).length === 0 && Number(header('content-length') ?? 0) > 2)
    throw bodyParsedEmpty()
  return type === FORM_TYPE ? encodeForm(body ?? {}) : encodeJson(body)
}

function encodeJson(body: object | null): string | undefined {
  try {
    return JSON.stringify(body)
  } catch {
    return undefined
  }
}

const encodeForm = (body: object): string =>
  new URLSearchParams(Object.entries(body).flatMap(([name, value]) => pairsOf(name, value))).toString()

/** Deeper values are omitted, as parsers do. None of our parameters is nested. */
const MAX_DEPTH = 5

/** Returns a list as repeated parameters, and a nested object as `name[key]`. */
function pairsOf(name: string, value: unknown, depth = 0): [name: string, value: string][] {
  if (value === null || value === undefined) return [[name, '']]
  if (typeof value !== 'object') return [[name, `${value as string | number | boolean}`]]
  if (depth === MAX_DEPTH) return []
  const entries = Object.entries(value)
  // A long list can be an object with the keys 0, 1, 2.
  const isList = entries.every(([key], index) => key === String(index))
  return entries.flatMap(([key, one]) => pairsOf(isList ? name : `${name}[${key}]`, one, depth + 1))
}
