import { bodyCutOff, type HttpResponse, type HttpRequest } from './http.ts'
import { locationOf } from './location.ts'
import { readParsedBody } from './parsed-body.ts'

/** What a framework knows about a Fetch request. */
export interface FrameworkRequest {
  /** What the framework has read of the body: text, bytes, or the parsed form or JSON. Used if the body was read. */
  readonly body?: unknown
  /** The request or context of the framework. Default: the `Request`. */
  readonly original?: unknown
}

/** Converts a `Request`. `peer` is the IP address of the connection. */
export function fromRequest(
  request: Request,
  peer: string,
  { body, original = request }: FrameworkRequest = {},
): HttpRequest {
  const header = (name: string): string | undefined => request.headers.get(name) ?? undefined
  return {
    method: request.method,
    ...locationOf(request),
    peer,
    header,
    headers: request.headers,
    body: (limit) => (isRead(request) ? readParsedBody(body, header, limit) : readBody(request, limit)),
    original,
  }
}

const isRead = ({ bodyUsed, body }: Request): boolean => bodyUsed || body?.locked === true

/**
 * Returns the body of a request as `readText` does. A client that disconnects or sends what cannot be decompressed is not
 * our error.
 *
 * @throws OAuthError `invalid_request`
 */
export async function readBody(
  request: Parameters<typeof readText>[0],
  limit: number,
): Promise<string | undefined> {
  try {
    return await readText(request, limit)
  } catch {
    throw bodyCutOff()
  }
}

/** Converts to a `Response`. */
export function toResponse({ status, headers, body }: HttpResponse): Response {
  const list = Object.entries(headers).flatMap(([name, value]) =>
    [value].flat().map((one): [string, string] => [name, one]),
  )
  const hasBody = status !== 204 && body !== ''
  // Passed to the constructor: a string body without a content type would add text/plain.
  return new Response(hasBody ? body : null, { status, headers: list })
}

/** Returns the whole body, or undefined if it is longer than `limit` bytes. Reads no further than that. */
export async function readText(
  { headers, body }: Pick<Request | Response, 'headers' | 'body'>,
  limit: number,
): Promise<string | undefined> {
  if (!body) return ''
  if (Number(headers.get('content-length') ?? 0) > limit) return undefined
  const chunks: Uint8Array[] = []
  let length = 0
  for await (const chunk of body as AsyncIterable<Uint8Array>) {
    length += chunk.byteLength
    if (length > limit) return undefined
    chunks.push(chunk)
  }
  return Buffer.concat(chunks).toString()
}
