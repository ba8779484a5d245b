import { once } from 'node:events'
import { Agent, createServer, request, type IncomingMessage, type ServerResponse } from 'node:http'
import { connect } from 'node:net'
import { text } from 'node:stream/consumers'
import { setTimeout as sleep } from 'node:timers/promises'
import { describe, expect, test } from 'vitest'
import { eventually } from '../support/cluster.ts'
import { freePort } from '../support/free-port.ts'
import { listen } from '../support/server.ts'
import { consulate, installed, serve, type AtEnd, type RunningServer } from './run.ts'

const ENVIRONMENT = { CONSULATE_ISSUER: 'https://id.example.com', CONSULATE_SCOPES: 'orders:read=See orders' }

const ready = (origin: string): Promise<Response> =>
  fetch(`${origin}/oauth/health/ready`, { headers: { connection: 'close' } })

const live = (origin: string): Promise<Response> =>
  fetch(`${origin}/oauth/health/live`, { headers: { connection: 'close' } })

// Most of the time of these tests is waiting for servers that drain.
describe.concurrent('a server that drains after SIGTERM', () => {
  test.for([[], ['--workers', '2']])(
    'is not ready, but live, and answers all requests with the last on each connection %j',
    async (flags, { onTestFinished: atEnd }) => {
      const server = await serve(await installed(atEnd), ['--drain', '3', ...flags], ENVIRONMENT, atEnd)
      expect((await ready(server.origin)).status).toBe(200)
      const open = connect(Number(new URL(server.origin).port), '127.0.0.1')
      const answer = text(open)
      await once(open, 'connect')
      open.write(
        'POST /oauth/token HTTP/1.1\r\nHost: a\r\nContent-Type: application/x-www-form-urlencoded\r\n',
      )
      open.write('Content-Length: 29\r\n\r\ngrant')
      await sleep(200)
      const ended = server.stop('SIGTERM')
      expect(await eventually(async () => (await ready(server.origin)).status === 503)).toBe(true)
      const response = await ready(server.origin)
      expect(await response.json()).toMatchObject({ ready: false, stopping: true, checks: { store: true } })
      expect((await live(server.origin)).status).toBe(200)
      const keys = await fetch(`${server.origin}/.well-known/jwks.json`)
      expect([keys.status, keys.headers.get('connection')]).toEqual([200, 'close'])
      open.write('_type=client_credentials')
      expect(await answer).toMatch(/^HTTP\/1\.1 401 .*connection: close.*invalid_client/is)
      expect(await ended).toMatchObject({ code: 0 })
    },
  )

  test('stops immediately after Ctrl-C', async ({ onTestFinished: atEnd }) => {
    const server = await serve(await installed(atEnd), ['--drain', '300'], ENVIRONMENT, atEnd)
    expect(await server.stop('SIGINT')).toMatchObject({ code: 0 })
  })
})

/** A balancer that sends requests to ready nodes only, in turn, over connections that stay open. It never sends one twice. */
async function startBalancer(nodes: readonly string[], atEnd: AtEnd) {
  const agent = new Agent({ keepAlive: true, maxSockets: 20 })
  let available: readonly string[] = nodes
  let turn = 0
  const http = createServer((incoming, outgoing) => {
    const node = available[turn++ % available.length]
    if (node === undefined) return void outgoing.writeHead(502).end()
    forward(incoming, outgoing, node, agent)
  })
  const origin = await listen(http)
  const check = async (node: string): Promise<boolean> =>
    ready(node).then(
      ({ status }) => status === 200,
      () => false,
    )
  const checkAll = async (): Promise<void> => {
    const areReady = await Promise.all(nodes.map(check))
    available = nodes.filter((_, index) => areReady[index])
  }
  const timer = setInterval(() => void checkAll(), 200)
  atEnd(() => {
    clearInterval(timer)
    agent.destroy()
    http.close()
    http.closeAllConnections()
  })
  return { origin, available: () => available }
}

function forward(incoming: IncomingMessage, outgoing: ServerResponse, node: string, agent: Agent): void {
  const { method, url, headers } = incoming
  const { connection: _, ...rest } = headers
  const upstream = request(
    new URL(url ?? '/', node),
    { method: method ?? 'GET', headers: rest, agent },
    (answer) => {
      outgoing.writeHead(answer.statusCode ?? 502)
      answer.pipe(outgoing)
    },
  )
  upstream.on('error', (error) => outgoing.writeHead(502).end(String(error)))
  incoming.pipe(upstream)
}

/** Gets tokens all the time, on several connections. Returns a function that stops it and returns every other outcome. */
function sendTraffic(origin: string, basic: string) {
  const state = { answered: 0, isStopped: false }
  const failures: string[] = []
  const work = async (): Promise<void> => {
    while (!state.isStopped) {
      const response = await fetch(`${origin}/oauth/token`, {
        method: 'POST',
        headers: { authorization: `Basic ${basic}` },
        body: new URLSearchParams({ grant_type: 'client_credentials' }),
      })
      const body = await response.text()
      state.answered += 1
      if (response.status !== 200) failures.push(`${response.status} ${body}`)
      await sleep(5)
    }
  }
  const running = Promise.all(Array.from({ length: 6 }, work))
  return {
    state,
    async stop(): Promise<readonly string[]> {
      state.isStopped = true
      await running
      return failures
    },
  }
}

test.concurrent('no request is lost while each of two nodes behind a balancer is restarted', async ({
  onTestFinished: atEnd,
}) => {
  const cwd = await installed(atEnd)
  const created = await consulate(
    cwd,
    ['client', 'create', '--name', 'Worker', '--machine', '--scope', 'orders:read', '--json'],
    { env: ENVIRONMENT },
  )
  const client = JSON.parse(created.stdout) as Readonly<Record<'client_id' | 'client_secret', string>>
  const basic = Buffer.from(`${client.client_id}:${client.client_secret}`).toString('base64')
  const ports = [await freePort(), await freePort()]
  const start = (port: string): Promise<RunningServer> =>
    serve(cwd, ['--drain', '2'], { ...ENVIRONMENT, PORT: port }, atEnd)
  const nodes = await Promise.all(ports.map(start))
  const balancer = await startBalancer(
    nodes.map(({ origin }) => origin),
    atEnd,
  )
  const traffic = sendTraffic(balancer.origin, basic)
  for (const [index, port] of ports.entries()) {
    expect(await nodes[index]?.stop('SIGTERM')).toMatchObject({ code: 0 })
    nodes[index] = await start(port)
    expect(await eventually(async () => balancer.available().length === 2)).toBe(true)
  }
  expect(await traffic.stop()).toEqual([])
  expect(traffic.state.answered).toBeGreaterThan(100)
})
