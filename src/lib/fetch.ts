import { bodyCutOff, type HttpResponse, type HttpRequest } from './http.ts'

/** A request of the Fetch standard as the server sees it. `peer`: the address that it came from. */
export function fromRequest(request: Request, peer: string): HttpRequest {
  const { pathname, search } = new URL(request.url)
  return {
    method: request.method,
    path: pathname,
    query: search.slice(1),
    peer,
    header: (name) => request.headers.get(name) ?? undefined,
    body: (limit) => readBody(request, limit),
  }
}

/** Whoever goes away in the middle is no error of ours. That the application has read the body before is one of its own. */
async function readBody(request: Request, limit: number): Promise<string | undefined> {
  const wasRead = request.bodyUsed
  try {
    return await readText(request, limit)
  } catch (cause) {
    if (wasRead) throw cause
    throw bodyCutOff()
  }
}

/** An answer as a response of the Fetch standard. */
export function toResponse({ status, headers, body }: HttpResponse): Response {
  const list = Object.entries(headers).flatMap(([name, value]) =>
    [value].flat().map((one): [string, string] => [name, one]),
  )
  const hasBody = status !== 204 && body !== ''
  // Given at once: a response that is made without them says of every text that it is text/plain, beside what we say.
  return new Response(hasBody ? body : null, { status, headers: list })
}

/** The whole body as text; undefined where it is longer than `limit` bytes, of which no more is read then. */
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
