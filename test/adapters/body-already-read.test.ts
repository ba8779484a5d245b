import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import http2 from 'node:http2'
import { connect, type AddressInfo } from 'node:net'
import { text } from 'node:stream/consumers'
import { clientCredentials, refreshToken, signIn } from 'consulate'
import { toNode } from 'consulate/node'
import express from 'express'
import express4 from 'express4'
import Koa from 'koa'
import bodyParser from 'koa-bodyparser'
import { afterAll, describe, expect, onTestFinished, test } from 'vitest'
import { listen, startServer } from '../support/server.ts'

const server = await startServer({ grants: [clientCredentials(), refreshToken(), signIn()] })
const client = await server.addClient({ grantTypes: ['client_credentials'], scopes: ['orders:read'] })
const routes = toNode(server.server).routes()
afterAll(server.close)

type Read = (request: IncomingMessage, response: ServerResponse, next: () => void) => void

const closing: (() => void)[] = []
afterAll(() => closing.forEach((close) => close()))

/** Serves the routes behind something that reads bodies first. */
async function serveBehind(read: Read): Promise<string> {
  const http = createServer((request, response) => read(request, response, () => routes(request, response)))
  closing.push(() => http.close())
  return listen(http)
}

const FORM = 'application/x-www-form-urlencoded'

const requestToken = (origin: string, extra = ''): Promise<Response> =>
  fetch(`${origin}/oauth/token`, {
    method: 'POST',
    headers: { 'content-type': FORM },
    body: `grant_type=client_credentials&client_id=${client.id}&client_secret=${client.secret}${extra}`,
  })

/** The status, and the log lines of the last request. */
async function outcome(asking: Promise<Response>): Promise<readonly unknown[]> {
  const before = server.logs.length
  const response = await asking
  const body = (await response.json()) as Record<string, unknown>
  if (typeof body['access_token'] === 'string') server.knownSecrets.add('access token', body['access_token'])
  const lines = server.logs.slice(before).map((line) => JSON.parse(line) as Record<string, unknown>)
  const problems = lines.filter(({ level }) => level === 'error' || level === 'warn')
  return [response.status, body['error_description'], problems.map(({ detail }) => detail)]
}

const ISSUED = [200, undefined, []]
const ALREADY_READ = [
  500,
  'An unexpected error occurred',
  ['The request body was already read. Mount the server before the code that reads it'],
]
const REPEATED = [400, 'A parameter is included more than once', ['A parameter is included more than once']]

const throughKoa = (...middleware: Koa.Middleware[]): Read => {
  const app = new Koa()
  for (const one of middleware) app.use(one)
  app.use(({ req, res, request }, _next) => {
    Object.assign(req, { body: request.body, rawBody: request.rawBody })
    return new Promise<void>((resolve) => {
      res.once('close', resolve)
      routes(req, res)
    })
  })
  return app.callback()
}

const parsers: readonly (readonly [name: string, read: Read])[] = [
  ['express.urlencoded', express.urlencoded() as Read],
  ['express.urlencoded, extended', express.urlencoded({ extended: true }) as Read],
  ['express.json, which leaves a form unread', express.json() as Read],
  ['express.raw', express.raw({ type: '*/*' }) as Read],
  ['express.text', express.text({ type: '*/*' }) as Read],
  ['urlencoded of Express 4', express4.urlencoded({ extended: true }) as Read],
  ['json of Express 4, which sets an empty object and leaves a form unread', express4.json() as Read],
  ['koa-bodyparser', throughKoa(bodyParser())],
  [
    'middleware that sets an encoding and reads nothing',
    (request, _response, next) => {
      request.setEncoding('utf8')
      next()
    },
  ],
  [
    'a parser that keeps what was sent',
    async (request, _response, next) => {
      const rawBody = Buffer.from(await text(request))
      Object.assign(request, { rawBody, body: { grant_type: 'password' } })
      next()
    },
  ],
]

describe.each(parsers)('after %s', (_name, read) => {
  test('a form is read as it was sent', async () => {
    const origin = await serveBehind(read)
    expect(await outcome(requestToken(origin))).toEqual(ISSUED)
    expect(await outcome(requestToken(origin, '&scope=orders%3Aread&scope=orders%3Aread'))).toEqual(REPEATED)
    expect(await outcome(requestToken(origin, '&unknown[a][]=1&unknown[b]=%C3%A9'))).toEqual(ISSUED)
  })
})

test.each([
  ['express.json', express.json() as Read],
  ['express.raw', express.raw({ type: '*/*' }) as Read],
  ['json of Express 4', express4.json() as Read],
])('a JSON body is used after %s', async (_name, read) => {
  const origin = await serveBehind(read)
  const user = await server.addUser()
  const login = (body: string): Promise<Response> =>
    fetch(`${origin}/auth/login`, { method: 'POST', headers: { 'content-type': 'application/json' }, body })
  const response = await login(JSON.stringify({ username: user.email, password: user.password }))
  const { access_token: access, refresh_token: refresh } = (await response.json()) as Record<string, string>
  server.knownSecrets.add('access token', access ?? '')
  server.knownSecrets.add('refresh token', refresh ?? '')
  expect(response.status).toBe(200)
  expect((await login('{"username":["a"],"password":"b"}')).status).toBe(400)
})

describe('a body that was read and not kept', () => {
  const drain: Read = async (request, _response, next) => {
    await text(request)
    next()
  }
  const readers: readonly (readonly [name: string, read: Read])[] = [
    ['is gone', drain],
    [
      'is half gone',
      (request, _response, next) => {
        request.once('data', () => {
          request.pause()
          next()
        })
      },
    ],
    [
      'is read by someone else',
      (request, _response, next) => {
        request.on('readable', () => undefined)
        next()
      },
    ],
    [
      'goes to a logger',
      (request, _response, next) => {
        request.setEncoding('utf8').on('data', () => undefined)
        next()
      },
    ],
    [
      'cannot be encoded again',
      (request, response, next) => {
        const body: Record<string, unknown> = { amount: 1n }
        request.headers['content-type'] = 'application/json'
        Object.assign(request, { body })
        drain(request, response, next)
      },
    ],
  ]

  test.each(readers)('gets 500 and a log line with the fix if it %s', async (_name, read) => {
    const origin = await serveBehind(read)
    expect(await outcome(requestToken(origin))).toEqual(ALREADY_READ)
  })
})

test('a form of which a parser left nothing gets 400 and a log line, since clients can send one', async () => {
  const origin = await serveBehind(express.urlencoded() as Read)
  const headers = { 'content-type': 'application/x-www-form-urlencoded' }
  const response = await fetch(`${origin}/oauth/token`, { method: 'POST', headers, body: '&&&' })
  expect([response.status, await response.json()]).toMatchObject([400, { error: 'invalid_request' }])
  expect(server.logs.at(-1)).toContain('mount the server before the code that reads it')
})

test.each<[string, (request: IncomingMessage) => unknown]>([
  ['paused', (request) => request.pause()],
  ['pauses', (request) => request.once('resume', () => request.pause())],
])('a body is read although something else %s the stream', async (_verb, pause) => {
  const origin = await serveBehind((request, _response, next) => {
    pause(request)
    next()
  })
  expect(await outcome(requestToken(origin))).toEqual(ISSUED)
})

test('an empty body is empty although something else has read it', async () => {
  const origin = await serveBehind((request, _response, next) => void request.once('close', next).resume())
  const headers = { 'content-type': FORM }
  const response = await fetch(`${origin}/oauth/token`, { method: 'POST', headers })
  expect([response.status, await response.json()]).toMatchObject([
    400,
    { error_description: expect.stringContaining('grant_type') as string },
  ])
})

test('a request that the app destroys while its body is read does not stay open', async () => {
  const before = server.logs.length
  const origin = await serveBehind((request, _response, next) => {
    request.once('resume', () => request.destroy())
    next()
  })
  await expect(requestToken(origin)).rejects.toThrow('fetch failed')
  const lines = (): string => server.logs.slice(before).join()
  await expect.poll(lines).toContain('ended before its body')
})

test('a body that was too long for us is refused, parsed or not', async () => {
  const note = `&note=${'x'.repeat(70_000)}`
  for (const read of [express.urlencoded() as Read, express.text({ type: '*/*' }) as Read]) {
    const origin = await serveBehind(read)
    expect((await requestToken(origin, note)).status).toBe(413)
  }
})

test('a client that disconnects before its body is read does not leave the request open', async () => {
  const closed = Promise.withResolvers<unknown>()
  const origin = await serveBehind((request, _response, next) => {
    request.once('close', () => {
      next()
      closed.resolve(undefined)
    })
  })
  const head = `POST /oauth/token HTTP/1.1\r\nHost: x\r\nContent-Type: ${FORM}\r\nContent-Length: 9\r\n\r\nhalf`
  const socket = connect(Number(new URL(origin).port), '127.0.0.1', () =>
    socket.write(head, () => socket.destroy()),
  )
  await closed.promise
  await expect.poll(() => server.logs.some((line) => line.includes('ended before its body'))).toBe(true)
})

const atOnce: Read = (_request, _response, next) => next()
const whenClosed: Read = (request, _response, next) => void request.once('close', next)

test.each([
  ['while it is read', atOnce],
  ['before it is read', whenClosed],
])('a body over HTTP/2 that the client gives up %s is not used', async (_when, read) => {
  const before = server.logs.length
  const both = http2.createServer((request, response) => {
    const pair = [request as unknown as IncomingMessage, response as unknown as ServerResponse] as const
    read(...pair, () => routes(...pair))
    request.stream.once('data', () => stream.destroy())
  })
  closing.push(() => both.close())
  await new Promise<void>((resolve) => void both.listen(0, '127.0.0.1', resolve))
  const session = http2.connect(`http://127.0.0.1:${(both.address() as AddressInfo).port}`)
  onTestFinished(() => session.destroy())
  const stream = session.request({ ':method': 'POST', ':path': '/oauth/token', 'content-type': FORM })
  stream.write('grant_type=client_credentials&client_id=half')
  await expect.poll(() => server.logs.slice(before).join()).toMatch(/Request refused/)
  expect(server.logs.slice(before).join()).toContain('ended before its body')
})

describe('server.fetch', () => {
  const usedRequest = (): Request =>
    new Request(server.endpoint('/oauth/token'), {
      method: 'POST',
      body: new URLSearchParams({ grant_type: 'client_credentials' }),
    })

  test('answers a request whose body was read with 500, and logs the fix', async () => {
    const request = usedRequest()
    await request.text()
    expect(await outcome(server.server.fetch(request))).toEqual(ALREADY_READ)
  })

  test('answers a request whose body is being read with 500, and logs the fix', async () => {
    const request = usedRequest()
    request.body?.getReader()
    expect(await outcome(server.server.fetch(request))).toEqual(ALREADY_READ)
  })
})
