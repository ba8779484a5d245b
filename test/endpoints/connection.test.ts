import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { afterAll, expect, test } from 'vitest'
import { startServer } from '../support/server.ts'

const server = await startServer()
await server.server.ready()
afterAll(server.close)

const openSocket = (): Socket =>
  connect(Number(new URL(server.origin).port), '127.0.0.1')
    .setEncoding('utf8')
    .on('error', () => {})

/** Sends a text on a new connection. Returns everything that comes back until the server closes it. */
async function send(text: string): Promise<string> {
  const socket = openSocket()
  let response = ''
  socket.on('data', (chunk: string) => {
    response += chunk
  })
  socket.write(text)
  await once(socket, 'close')
  return response
}

const linesWith = (text: string, from = 0): readonly string[] =>
  server.logs.slice(from).filter((line) => line.includes(text))
const errorLines = (from = 0): readonly string[] => linesWith('"level":"error"', from)

const head = (...lines: readonly string[]): string =>
  [
    'POST /oauth/token HTTP/1.1',
    'Host: x',
    'Content-Type: application/x-www-form-urlencoded',
    ...lines,
    '',
    '',
  ].join('\r\n')

test('a client that disconnects during the request is not logged as an error', async () => {
  const socket = openSocket()
  await new Promise((resolve) => {
    socket.write(`${head('Content-Length: 1000')}grant_type=`, resolve)
  })
  socket.destroy()
  await expect.poll(() => linesWith('"code":"invalid_request"')).toHaveLength(1)
  expect(errorLines()).toEqual([])
})

test('a Fetch request whose body fails is not logged as an error', async () => {
  const before = server.logs.length
  const body = new ReadableStream({
    pull(controller) {
      controller.enqueue(Buffer.from('grant_type='))
      controller.error(new Error('The client disconnected.'))
    },
  })
  const headers = { 'content-type': 'application/x-www-form-urlencoded' }
  const init = { method: 'POST', headers, body, duplex: 'half' } as const
  const response = await server.server.fetch(new Request(server.endpoint('/oauth/token'), init))
  expect([response.status, await response.json()]).toMatchObject([400, { error: 'invalid_request' }])
  expect(errorLines(before)).toEqual([])
})

test('a Fetch request whose body the app has already read is logged as an error', async () => {
  const before = server.logs.length
  const headers = { 'content-type': 'application/x-www-form-urlencoded' }
  const request = new Request(server.endpoint('/oauth/token'), { method: 'POST', headers, body: 'a=b' })
  await request.text()
  expect((await server.server.fetch(request)).status).toBe(500)
  expect(errorLines(before)).toHaveLength(1)
})

test('the connection closes after a body that is too long, so that its rest is not read as a request', async () => {
  const smuggled = 'GET /.well-known/jwks.json HTTP/1.1\r\nHost: x\r\n\r\n'
  const response = await send(`${head('Content-Length: 70000')}${'x'.repeat(69_000)}${smuggled}`)
  expect(response.startsWith('HTTP/1.1 413 ')).toBe(true)
  expect(response.toLowerCase()).toContain('connection: close')
  expect(response.match(/HTTP\/1\.1/g)).toHaveLength(1)
})

test('a body that announces more than the limit is refused before it arrives', async () => {
  expect(await send(head('Content-Length: 70000'))).toMatch(/^HTTP\/1\.1 413 /)
})

test.each([
  ['Content-Length: 20', ''],
  ['Transfer-Encoding: chunked', '14\r\n'],
])(
  'the connection is closed after a response that was sent before the body was read: %s',
  async (line, size) => {
    const response = await send(`${head(line).replace('POST', 'PUT')}${size}GET /login HTTP/1.1\r\n`)
    expect(response.startsWith('HTTP/1.1 405 ')).toBe(true)
    expect(response.match(/HTTP\/1\.1/g)).toHaveLength(1)
  },
)
