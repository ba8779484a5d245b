import { bodyAlreadyRead, bodyCutOff, type HttpResponse, type HttpRequest } from './http.ts'
import { locationOf } from './location.ts'

/**
 * Converts a `Request`. `peer` is the IP address of the connection, `original` is the request or context of the framework.
 */
export function fromRequest(request: Request, peer: string, original: unknown = request): HttpRequest {
  return {
    method: request.method,
    ...locationOf(request),
    peer,
    header: (name) => request.headers.get(name) ?? undefined,
    headers: request.headers,
    body: async (limit) => {
      if (isRead(request)) throw bodyAlreadyRead()
      return readBody(request, limit)
    },
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
