import { once } from 'node:events'
import { connect } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, expect, test } from 'vitest'
import { startServer } from '../support/server.ts'

const server = await startServer()
await server.server.ready()
afterAll(server.close)

/** Writes bytes on a connection of their own; what comes back until the server or `patience` (ms) ends it. */
async function talk(text: string, patience = 2_000): Promise<string> {
  const socket = connect(Number(new URL(server.origin).port), '127.0.0.1')
  let answer = ''
  socket.setEncoding('utf8').on('data', (chunk: string) => {
    answer += chunk
  })
  socket.on('error', () => {})
  socket.write(text)
  await Promise.race([once(socket, 'close'), sleep(patience)])
  socket.destroy()
  return answer
}

const head = (...lines: readonly string[]): string =>
  [
    'POST /oauth/token HTTP/1.1',
    'Host: x',
    'Content-Type: application/x-www-form-urlencoded',
    ...lines,
    '',
    '',
  ].join('\r\n')

test('a client that goes away in the middle is no error of ours', async () => {
  await talk(`${head('Content-Length: 1000')}grant_type=`, 100)
  const lines = (): string[] => server.logs.filter((line) => line.includes('ended before its body'))
  for (let waited = 0; waited < 40 && lines().length === 0; waited += 1) await sleep(50)
  expect(lines()).toHaveLength(1)
  expect(server.logs.filter((line) => line.includes('"level":"error"'))).toEqual([])
})

test('one that goes away is no error of ours where requests come as those of Fetch, either', async () => {
  const before = server.logs.length
  const body = new ReadableStream({
    pull(controller) {
      controller.enqueue(Buffer.from('grant_type='))
      controller.error(new Error('It went away.'))
    },
  })
  const headers = { 'content-type': 'application/x-www-form-urlencoded' }
  const init = { method: 'POST', headers, body, duplex: 'half' } as const
  const answer = await server.server.fetch(new Request(server.endpoint('/oauth/token'), init))
  expect([answer.status, await answer.json()]).toMatchObject([400, { error: 'invalid_request' }])
  expect(server.logs.slice(before).filter((line) => line.includes('"level":"error"'))).toEqual([])
})

test('but a body that the application has read before is an error of its own, and is told', async () => {
  const before = server.logs.length
  const headers = { 'content-type': 'application/x-www-form-urlencoded' }
  const request = new Request(server.endpoint('/oauth/token'), { method: 'POST', headers, body: 'a=b' })
  await request.text()
  expect((await server.server.fetch(request)).status).toBe(500)
  expect(server.logs.slice(before).filter((line) => line.includes('"level":"error"'))).toHaveLength(1)
})

test('a body that is too long ends its connection, so that its rest is not taken for a request', async () => {
  const smuggled = 'GET /.well-known/jwks.json HTTP/1.1\r\nHost: x\r\n\r\n'
  const answer = await talk(`${head('Content-Length: 70000')}${'x'.repeat(69_000)}${smuggled}`)
  expect(answer.startsWith('HTTP/1.1 413 ')).toBe(true)
  expect(answer.toLowerCase()).toContain('connection: close')
  expect(answer.match(/HTTP\/1\.1/g)).toHaveLength(1)
})

test('an answer before the body was read ends its connection too', async () => {
  const answer = await talk(`${head('Content-Length: 20').replace('POST', 'PUT')}GET /login HTTP/1.1\r\n`)
  expect(answer.startsWith('HTTP/1.1 405 ')).toBe(true)
  expect(answer.match(/HTTP\/1\.1/g)).toHaveLength(1)
})
