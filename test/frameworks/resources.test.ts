import { createServer, type RequestListener } from 'node:http'
import { getRequestListener } from '@hono/node-server'
import { NestFactory } from '@nestjs/core'
import express from 'express'
import fastify from 'fastify'
import { Hono } from 'hono'
import Koa from 'koa'
import { afterAll, describe, expect, test } from 'vitest'
import { toExpress } from '../../src/adapters/express.ts'
import { toFastify } from '../../src/adapters/fastify.ts'
import { toHono } from '../../src/adapters/hono.ts'
import { toKoa } from '../../src/adapters/koa.ts'
import { toNext } from '../../src/adapters/next.ts'
import { toNode } from '../../src/adapters/node.ts'
import { getTokens } from '../support/oauth-client.ts'
import { listen, startServer } from '../support/server.ts'
import { createResourceApp } from './nest/resource-app.ts'

const resource = 'https://mcp.example/mcp'
const server = await startServer({ resources: [resource] })
afterAll(server.close)

const machine = await server.addClient({ grantTypes: ['client_credentials'], scopes: ['orders:read'] })
const tokenFor = async (requested?: string): Promise<string> => {
  const parameters = { grant_type: 'client_credentials', scope: 'orders:read', resource: requested }
  return (await getTokens(server, machine, parameters)).access_token
}
const required = { resource, allOf: ['orders:read'] } as const

async function fastifyApp(): Promise<RequestListener> {
  const app = fastify()
  const auth = toFastify(server.server)
  app.get('/', { onRequest: auth.machine(required) }, async () => 'tea')
  await app.ready()
  return app.routing
}

async function nestApp(): Promise<RequestListener> {
  const app = await NestFactory.create(createResourceApp(server.server, resource), { logger: false })
  await app.init()
  return app.getHttpAdapter().getInstance() as RequestListener
}

/** A route handler of Next is a function from a `Request` to a `Response`. */
const nextApp = (): RequestListener => {
  const handler = toNext(server.server).machine(required)(() => new Response('tea'))
  return getRequestListener((request) => handler(request, { params: Promise.resolve({}) }))
}

const apps: readonly [string, () => RequestListener | Promise<RequestListener>][] = [
  [
    'node:http',
    () => toNode(server.server).machine(required)((_request, response) => void response.end('tea')),
  ],
  [
    'Express',
    () =>
      express().get(
        '/',
        toExpress(server.server).machine(required),
        (_, response) => void response.send('tea'),
      ),
  ],
  ['Fastify', fastifyApp],
  [
    'Hono',
    () =>
      getRequestListener(
        new Hono().get('/', toHono(server.server).machine(required), (c) => c.text('tea')).fetch,
      ),
  ],
  [
    'Koa',
    () =>
      new Koa()
        .use(toKoa(server.server).machine(required))
        .use((ctx) => void (ctx.body = 'tea'))
        .callback(),
  ],
  ['Nest', nestApp],
  ['Next', nextApp],
]

describe.each(apps)('a guard for a resource in %s', (_, createApp) => {
  test('accepts tokens for it only, and names its metadata', async () => {
    const http = createServer(await createApp())
    const origin = await listen(http)
    const call = async (token: string) => {
      const { status, headers } = await fetch(origin, { headers: { authorization: `Bearer ${token}` } })
      return [status, headers.get('www-authenticate')?.split(', ').at(-1)]
    }
    expect(await call(await tokenFor(resource))).toEqual([200, undefined])
    const metadata = 'resource_metadata="https://mcp.example/.well-known/oauth-protected-resource/mcp"'
    expect(await call(await tokenFor())).toEqual([401, metadata])
    http.close()
    http.closeAllConnections()
  })
})
