/** An id and a secret as a client presents them. */
export interface Credentials {
  readonly clientId: string
  readonly secret: string | undefined
}

/**
 * Returns the possible readings of an `Authorization: Basic` header, at most three; empty if it is malformed.
 *
 * RFC 6749 section 2.3.1 form-encodes id and secret before they are joined, and that reading comes first. Many clients
 * (Postman, scripts) join them unencoded, which makes a difference only for `%`, `+` and colons. The secrets that this
 * server creates contain none of these, so they have one reading.
 */
export function basicCredentials(header: string): readonly Credentials[] {
  const encoded = /^basic +([A-Za-z0-9+/]+={0,2}) *$/i.exec(header)?.[1]
  if (encoded === undefined) return []
  const pair = Buffer.from(encoded, 'base64').toString()
  const colon = pair.indexOf(':')
  if (colon < 0 || !isClean(pair)) return []
  const isEncoded = /[%+]/.test(pair)
  const readings = [readingAt(pair, colon, isEncoded ? formDecode : asSent)]
  if (isEncoded) readings.push(readingAt(pair, colon, asSent))
  const lastColon = pair.lastIndexOf(':')
  if (lastColon !== colon) readings.push(readingAt(pair, lastColon, asSent))
  return readings.filter((reading) => reading !== undefined)
}

function readingAt(
  pair: string,
  colon: number,
  read: (text: string) => string | undefined,
): Credentials | undefined {
  const [clientId, secret] = [read(pair.slice(0, colon)), read(pair.slice(colon + 1))]
  if (!clientId || secret === undefined) return undefined
  return { clientId, secret: secret === '' ? undefined : secret }
}

const asSent = (text: string): string => text

function formDecode(text: string): string | undefined {
  try {
    return decodeURIComponent(text.replaceAll('+', ' '))
  } catch {
    return undefined
  }
}

/** As strict as form bodies: some databases reject a NUL, others end the text there. */
const isClean = (text: string): boolean => !/[\0\ufffd]|%00|%EF%BF%BD/i.test(text)
