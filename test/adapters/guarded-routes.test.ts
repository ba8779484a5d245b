import { once } from 'node:events'
import { Agent, createServer, get, type IncomingMessage, type RequestListener } from 'node:http'
import { connect, type AddressInfo } from 'node:net'
import { text } from 'node:stream/consumers'
import { toNode } from 'consulate/node'
import { createTestGuard } from 'consulate/testing'
import { expect, onTestFinished, test, vi } from 'vitest'

const guard = createTestGuard({ scopes: ['orders:read'] })
const guarded = toNode(guard).user()
const authorization = `Bearer ${guard.tokenFor('7')}`

async function listen(
  listener: RequestListener,
): Promise<{ readonly port: number; readonly origin: string }> {
  const http = createServer(listener).listen(0, '127.0.0.1')
  onTestFinished(() => void http.close())
  await once(http, 'listening')
  const { port } = http.address() as AddressInfo
  return { port, origin: `http://127.0.0.1:${port}` }
}

/** Records standard error, where this guard logs. */
function watchLog(): readonly string[] {
  const lines: string[] = []
  const spy = vi.spyOn(process.stderr, 'write').mockImplementation((line) => lines.push(String(line)) > 0)
  onTestFinished(() => spy.mockRestore())
  return lines
}

test.each([
  [
    'throws',
    () => {
      throw new Error('no orders today')
    },
  ],
  [
    'rejects',
    async () => {
      throw new Error('no orders today')
    },
  ],
])('a handler that %s gets 500 and a log line, and the server keeps running', async (_, handler) => {
  const lines = watchLog()
  const { origin } = await listen(guarded(handler))

  for (const _again of [1, 2]) {
    const answer = await fetch(origin, { headers: { authorization } })
    expect([answer.status, await answer.json()]).toEqual([
      500,
      { error: 'server_error', error_description: 'An unexpected error occurred' },
    ])
  }
  expect(lines.map((line) => JSON.parse(line) as object)).toEqual(
    Array(2).fill(
      expect.objectContaining({
        level: 'error',
        message: 'A guarded route failed',
        cause: expect.stringContaining('no orders today') as string,
      }),
    ),
  )
})

test('a handler that fails in the middle of its response closes that connection, and no other', async () => {
  watchLog()
  const { origin } = await listen(
    guarded(async (_, response) => {
      response.write('the first ')
      await new Promise(setImmediate)
      throw new Error('no more orders')
    }),
  )

  const half = await fetch(origin, { headers: { authorization } })
  await expect(half.text()).rejects.toThrow()
  expect((await fetch(origin)).status).toBe(401)
})

test('a handler that fails after its response is logged, and the response arrives complete', async () => {
  const lines = watchLog()
  const answer = 'orders '.repeat(5_000_000)
  const { origin } = await listen(
    guarded((_, response) => {
      response.end(answer)
      throw new Error('too late')
    }),
  )

  expect(await (await fetch(origin, { headers: { authorization } })).text()).toBe(answer)
  expect(lines.join()).toContain('too late')
})

test('a client that disconnects while its body is read stops nothing, and is not logged', async () => {
  const lines = watchLog()
  const ended = Promise.withResolvers<unknown>()
  const { port, origin } = await listen(
    guarded(async (request, response) => {
      await text(request).catch((cause: unknown) => {
        ended.resolve(cause)
        throw cause
      })
      response.end()
    }),
  )
  const head = `POST / HTTP/1.1\r\nHost: shop\r\nAuthorization: ${authorization}\r\nContent-Length: 9\r\n\r\n`
  const socket = connect(port, '127.0.0.1', () => void socket.write(`${head}half`, () => socket.destroy()))

  expect(await ended.promise).toMatchObject({ code: 'ECONNRESET' })
  expect((await fetch(origin)).status).toBe(401)
  expect(lines).toEqual([])
})

test('a refusal keeps the connection open, unless the request has an unread body', async () => {
  const { port, origin } = await listen(guarded((_, response) => void response.end('in')))
  const agent = new Agent({ keepAlive: true, maxSockets: 1 })
  onTestFinished(() => agent.destroy())
  const ask = async (): Promise<string | undefined> => {
    const [answer] = (await once(get({ port, host: '127.0.0.1', agent }), 'response')) as [IncomingMessage]
    await text(answer)
    return `${answer.statusCode} ${answer.headers.connection}`
  }

  expect([await ask(), await ask()]).toEqual(['401 keep-alive', '401 keep-alive'])
  const refused = await fetch(origin, { method: 'POST', body: 'x'.repeat(100_000) })
  expect([refused.status, refused.headers.get('connection')]).toEqual([401, 'close'])
})
