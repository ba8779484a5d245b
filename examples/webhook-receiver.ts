// An endpoint that receives webhooks. Start it with the secret from the configuration of the server:
// WEBHOOK_SECRET=whsec_… node examples/webhook-receiver.ts
import { createServer } from 'node:http'
import { text } from 'node:stream/consumers'
import { Webhook } from 'standardwebhooks'

/** The body of each message. */
interface Message {
  readonly type: string
  readonly timestamp: string
  readonly data: Readonly<Record<string, unknown>>
}

const { PORT = '4000', WEBHOOK_SECRET = '' } = process.env
const webhook = new Webhook(WEBHOOK_SECRET)

/** The IDs of processed messages. Use a table with a unique column instead, and insert in the transaction of your work. */
const processed = new Set<string>()

/** Verifies the signature and the time. The body must be exactly what was sent: parse it only after that. */
function verify(body: string, headers: Record<string, string>): Message | undefined {
  try {
    return webhook.verify(body, headers) as Message
  } catch {
    return undefined
  }
}

const http = createServer((request, response) => {
  void text(request).then((body) => {
    const headers = request.headers as Record<string, string>
    const message = verify(body, headers)
    if (!message) return response.writeHead(400).end('The signature is invalid')
    const id = headers['webhook-id'] ?? ''
    // The same message can arrive twice.
    if (!processed.has(id)) console.log(message.type, JSON.stringify(message.data))
    processed.add(id)
    // Answer within 15 seconds. Do what takes longer afterwards.
    return response.writeHead(204).end()
  })
})

http.listen(Number(PORT), '127.0.0.1', () => console.log(`Listening on http://127.0.0.1:${PORT}`))
