import type { WebhookEndpoint } from '../config/webhooks.ts'
import type { NewDelivery } from '../model/webhook.ts'
import { signedHeaders } from './message.ts'
import { parseRetryAfter } from './schedule.ts'

/** How a request is sent. */
export interface SendOptions {
  /** Milliseconds, for the whole exchange. */
  readonly timeout: number
  /** The time of the request. */
  readonly now: number
  /** Cancels the request. */
  readonly signal?: AbortSignal
}

/** The answer of an endpoint. */
export interface SendResult {
  /** The HTTP status, or null if there was no answer. */
  readonly status: number | null
  /** Why the attempt failed, or null if the endpoint accepted the message. Contains nothing that the endpoint sent. */
  readonly failure: string | null
  /** How long the endpoint asks to wait, in milliseconds. */
  readonly retryAfter: number | undefined
  /** The start of the body. */
  readonly text: string
}

/** The most bytes of an answer that are read. */
const MAX_BODY = 4_096

/** Sends a message to an endpoint once. Never throws. Only a status from 200 to 299 is a success. */
export async function sendMessage(
  { url, keys }: Pick<WebhookEndpoint, 'url' | 'keys'>,
  message: Pick<NewDelivery, 'messageId' | 'body'>,
  { timeout, now, signal }: SendOptions,
): Promise<SendResult> {
  const deadline = AbortSignal.timeout(timeout)
  try {
    const response = await fetch(url, {
      method: 'POST',
      headers: {
        'Content-Type': 'application/json',
        'User-Agent': 'Consulate-Webhooks',
        ...signedHeaders(keys, message, now),
      },
      body: message.body,
      redirect: 'manual',
      signal: signal ? AbortSignal.any([deadline, signal]) : deadline,
    })
    const { status, headers } = response
    const text = await readStart(response)
    return {
      status,
      failure: failureOf(status),
      retryAfter: parseRetryAfter(headers.get('retry-after'), now),
      text,
    }
  } catch (error) {
    const failure = deadline.aborted ? `no answer within ${timeout / 1000} seconds` : causeOf(error)
    return { status: null, failure, retryAfter: undefined, text: '' }
  }
}

function failureOf(status: number): string | null {
  if (status >= 200 && status < 300) return null
  if (status >= 300 && status < 400) return `HTTP ${status}: redirects are not followed`
  return `HTTP ${status}`
}

/** Fetch hides the reason in the cause. Its code says enough: messages can contain addresses. */
function causeOf(error: unknown): string {
  const cause: unknown = error instanceof Error && error.cause !== undefined ? error.cause : error
  const code = cause instanceof Error && 'code' in cause ? cause.code : undefined
  return typeof code === 'string' ? code : 'the connection failed'
}

/** Reads the start of a body and drops the rest, which may have no end. */
async function readStart({ body }: Response): Promise<string> {
  if (!body) return ''
  const chunks: Uint8Array[] = []
  let size = 0
  for await (const chunk of body as ReadableStream<Uint8Array>) {
    chunks.push(chunk)
    size += chunk.byteLength
    // Leaving the loop cancels the body.
    if (size >= MAX_BODY) break
  }
  return Buffer.concat(chunks).subarray(0, MAX_BODY).toString()
}
