import { readText } from '../lib/fetch.ts'

export interface IssuerRequest {
  readonly url: string
  /** The maximum length of the body, in bytes. */
  readonly limit: number
  readonly headers?: Readonly<Record<string, string>>
}

export interface IssuerResponse {
  readonly status: number
  /** The parsed JSON if the status is 200, otherwise undefined. */
  readonly body: unknown
}

/** An HTTP client for the issuer. It follows no redirects and limits time and length. */
export interface IssuerClient {
  /** Throws if there is no valid response in time. */
  get(request: IssuerRequest): Promise<IssuerResponse>
  /** Aborts pending requests and rejects new ones. */
  close(): void
}

/** For a whole response, including its body (ms). */
const TIMEOUT = 5_000

export function createIssuerClient(): IssuerClient {
  const pending = new Set<AbortController>()
  let isClosed = false
  return {
    async get({ url, limit, headers = {} }) {
      if (isClosed) throw new Error('The guard is closed')
      const controller = new AbortController()
      const timer = setTimeout(() => controller.abort(new Error('No response in 5 seconds')), TIMEOUT).unref()
      pending.add(controller)
      try {
        const { signal } = controller
        // A redirect could send the credentials to another server.
        return await read(await fetch(url, { headers, signal, redirect: 'manual' }), limit)
      } catch (cause) {
        controller.abort()
        throw new Error(`Cannot read ${url}`, { cause })
      } finally {
        clearTimeout(timer)
        pending.delete(controller)
      }
    },
    close() {
      isClosed = true
      for (const controller of pending) controller.abort(new Error('The guard is closed'))
    },
  }
}

async function read(response: Response, limit: number): Promise<IssuerResponse> {
  const { status } = response
  if (status !== 200) {
    await response.body?.cancel()
    return { status, body: undefined }
  }
  const text = await readText(response, limit)
  if (text === undefined) throw new Error(`The response is longer than ${limit} bytes`)
  return { status, body: JSON.parse(text) as unknown }
}
