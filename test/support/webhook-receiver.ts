import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { text } from 'node:stream/consumers'
import { Webhook } from 'standardwebhooks'

/** A message that an endpoint received, with a valid signature. */
export interface ReceivedMessage {
  readonly id: string
  readonly type: string
  readonly timestamp: string
  readonly data: Readonly<Record<string, unknown>>
  readonly headers: Readonly<Record<string, string>>
  readonly body: string
}

/** A real endpoint on its own port. */
export interface Receiver {
  readonly url: string
  readonly secret: string
  /** Every request, in the order of arrival. */
  readonly messages: readonly ReceivedMessage[]
  /** The requests with an invalid signature. */
  readonly invalid: readonly string[]
  /** The most requests that were open at the same time. */
  readonly maximumOpen: number
  /** Sets how it answers from now on: with a status, or by a function. */
  answerWith(answer: Answer): void
  close(): Promise<void>
  [Symbol.asyncDispose](): Promise<void>
}

type Answer = number | ((response: ServerResponse, message: ReceivedMessage) => void)

let count = 0

/** Returns a new signing secret. */
export const webhookSecret = (): string =>
  `whsec_${Buffer.from(`the signing secret number ${(count += 1)}`).toString('base64')}`

/** Starts an endpoint that answers 204. */
export async function startReceiver({ secret = webhookSecret(), port = 0 } = {}): Promise<Receiver> {
  const [messages, invalid]: [ReceivedMessage[], string[]] = [[], []]
  let answer: Answer = 204
  let [open, maximumOpen] = [0, 0]
  async function receive(request: IncomingMessage, response: ServerResponse): Promise<void> {
    open += 1
    maximumOpen = Math.max(maximumOpen, open)
    response.once('close', () => (open -= 1))
    const body = await text(request)
    const headers = request.headers as Record<string, string>
    if (!isSigned(secret, headers, body)) {
      invalid.push(body)
      return void response.writeHead(401).end()
    }
    const parsed = JSON.parse(body) as Pick<ReceivedMessage, 'type' | 'timestamp' | 'data'>
    const message = { ...parsed, id: headers['webhook-id'] ?? '', headers, body }
    messages.push(message)
    if (typeof answer === 'number') response.writeHead(answer).end()
    else answer(response, message)
  }
  const http = createServer((request, response) => void receive(request, response).catch(() => undefined))
  await new Promise<void>((resolve) => http.listen(port, '127.0.0.1', resolve))
  const close = async (): Promise<void> => {
    http.closeAllConnections()
    await new Promise((resolve) => http.close(resolve))
  }
  return {
    url: `http://127.0.0.1:${(http.address() as AddressInfo).port}/hooks?source=consulate`,
    secret,
    messages,
    invalid,
    get maximumOpen() {
      return maximumOpen
    },
    answerWith: (next) => void (answer = next),
    close,
    [Symbol.asyncDispose]: close,
  }
}

/** Signs with the official library: its `verify` rejects the times of a clock that a test has moved. */
function isSigned(secret: string, headers: Readonly<Record<string, string>>, body: string): boolean {
  const [id, timestamp] = [headers['webhook-id'] ?? '', Number(headers['webhook-timestamp'])]
  const expected = new Webhook(secret).sign(id, new Date(timestamp * 1000), body)
  return (headers['webhook-signature'] ?? '').split(' ').includes(expected)
}
