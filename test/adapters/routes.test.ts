import { createServer } from 'node:http'
import { connect } from 'node:net'
import { text } from 'node:stream/consumers'
import { createAuthorizationServer, silentLogger } from 'consulate'
import { toNode } from 'consulate/node'
import { sqlite } from 'consulate/sqlite'
import { afterAll, expect, test } from 'vitest'
import { REQUIRED } from '../support/config.ts'
import { listen, startServer } from '../support/server.ts'

const server = await startServer()
await server.server.ready()
const routes = toNode(server.server).routes()
const http = createServer(routes)
const origin = await listen(http)
afterAll(async () => {
  http.close()
  await server.close()
})

test('routes() without a fallback answers other paths with 404', async () => {
  const response = await fetch(`${origin}/orders`)
  expect([response.status, await response.text()]).toEqual([404, 'Not found\n'])
})

test('routes(fallback) passes other paths to the fallback, with the body unread', async () => {
  const app = createServer(
    toNode(server.server).routes(async (request, response) => {
      response.end(`app: ${request.method} ${request.url} ${await text(request)}`)
    }),
  )
  const appOrigin = await listen(app)
  const response = await fetch(`${appOrigin}/orders?page=2`, { method: 'POST', body: 'apples' })
  expect(await response.text()).toBe('app: POST /orders?page=2 apples')
  expect((await fetch(`${appOrigin}/.well-known/jwks.json`)).status).toBe(200)
  app.close()
})

test('a HEAD request gets the headers of GET, and no body', async () => {
  const socket = connect(Number(new URL(origin).port), '127.0.0.1')
  socket.write('HEAD /.well-known/jwks.json HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n')
  const [head = '', body] = (await text(socket)).split('\r\n\r\n')
  expect(head).toMatch(/^HTTP\/1\.1 200 OK\r\n/)
  const { headers } = await fetch(`${origin}/.well-known/jwks.json`)
  expect(head).toContain(`Content-Length: ${headers.get('content-length')}`)
  expect(body).toBe('')
})

test('close() closes the store', async () => {
  const store = sqlite(':memory:')
  const other = createAuthorizationServer({ ...REQUIRED, store, logger: silentLogger })
  await other.ready()
  expect(await store.clients.find('shop')).toBeUndefined()
  await other.close()
  await expect(store.clients.find('shop')).rejects.toThrow()
})
