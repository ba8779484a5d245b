import { readText } from '../lib/fetch.ts'

/** What is asked for. */
export interface IssuerRequest {
  readonly url: string
  /** The longest body that is read, in bytes. */
  readonly limit: number
  readonly headers?: Readonly<Record<string, string>>
}

/** What the issuer answered. */
export interface IssuerResponse {
  readonly status: number
  /** The JSON of an answer with status 200; undefined otherwise. */
  readonly body: unknown
}

/** Asks the issuer, and trusts it with neither time nor memory nor the way. */
export interface IssuerClient {
  /** Throws where there is no answer in time, or none that can be read. */
  get(question: IssuerRequest): Promise<IssuerResponse>
  /** Ends what is under way; nothing is asked afterwards. */
  close(): void
}

/** How long an answer may take (ms), body and all. */
const TIMEOUT = 5_000

/** Makes a client that follows no redirect, waits 5 seconds at the most, and reads no further than the limit. */
export function createIssuerClient(): IssuerClient {
  const pending = new Set<AbortController>()
  let isClosed = false
  return {
    async get({ url, limit, headers = {} }) {
      if (isClosed) throw new Error('The guard is closed')
      const controller = new AbortController()
      const timer = setTimeout(() => controller.abort(new Error('No answer in 5 seconds')), TIMEOUT).unref()
      pending.add(controller)
      try {
        const { signal } = controller
        // A redirect could lead the credential, or us, anywhere.
        return await read(await fetch(url, { headers, signal, redirect: 'manual' }), limit)
      } catch (cause) {
        controller.abort()
        throw new Error(`${url} gave no answer that can be read`, { cause })
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
  if (text === undefined) throw new Error(`It is longer than ${limit} bytes`)
  return { status, body: JSON.parse(text) as unknown }
}
