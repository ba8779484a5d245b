import { createServer, type RequestListener } from 'node:http'
import { getRequestListener } from '@hono/node-server'
import { NestFactory } from '@nestjs/core'
import express from 'express'
import fastify from 'fastify'
import { Hono } from 'hono'
import Koa from 'koa'
import { afterAll, beforeEach, expect, test } from 'vitest'
import { toExpress } from '../../src/adapters/express.ts'
import { toFastify } from '../../src/adapters/fastify.ts'
import { toHono } from '../../src/adapters/hono.ts'
import { toKoa } from '../../src/adapters/koa.ts'
import { toNext } from '../../src/adapters/next.ts'
import { toNode } from '../../src/adapters/node.ts'
import { createTestServer } from '../../src/testing/index.ts'
import { SCOPES } from '../support/config.ts'
import { listen } from '../support/server.ts'
import { createApp as createNestApp } from './nest/api.ts'

/* A test server takes the place of the server of an app: its adapter does not know the difference. */
const server = createTestServer({ scopes: SCOPES })
beforeEach(() => server.actingAsGuest())
afterAll(() => server.close())

async function fastifyApp(): Promise<RequestListener> {
  const app = fastify()
  app.get('/orders', { onRequest: toFastify(server).user('orders:read') }, async ({ auth }) => auth)
  await app.ready()
  return app.routing
}

async function nestApp(): Promise<RequestListener> {
  const app = await NestFactory.create(createNestApp(server), { logger: false })
  await app.init()
  return app.getHttpAdapter().getInstance() as RequestListener
}

const nextApp = (): RequestListener => {
  const handler = toNext(server).user('orders:read')((_, { auth }) => Response.json(auth))
  return getRequestListener((request) => handler(request, { params: Promise.resolve({}) }))
}

const apps: readonly [string, () => RequestListener | Promise<RequestListener>][] = [
  [
    'node:http',
    () => toNode(server).user('orders:read')(({ auth }, response) => void response.end(JSON.stringify(auth))),
  ],
  [
    'Express',
    () =>
      express().get(
        '/orders',
        toExpress(server).user('orders:read'),
        ({ auth }, response) => void response.json(auth),
      ),
  ],
  ['Fastify', fastifyApp],
  [
    'Hono',
    () =>
      getRequestListener(
        new Hono().get('/orders', toHono(server).user('orders:read'), (c) => c.json(c.var.auth)).fetch,
      ),
  ],
  [
    'Koa',
    () =>
      new Koa()
        .use(toKoa(server).user('orders:read'))
        .use((ctx) => void (ctx.body = ctx.state.auth))
        .callback(),
  ],
  ['Nest', nestApp],
  ['Next', nextApp],
]

test.each(apps)('a test acts as a user, a client and a guest in %s', async (_name, createApp) => {
  const http = createServer(await createApp())
  const origin = await listen(http)
  const call = async (token?: string): Promise<unknown> => {
    const headers = token === undefined ? {} : { authorization: `Bearer ${token}` }
    const response = await fetch(`${origin}/orders`, { headers })
    const { user } = (await response.json()) as { readonly user?: { readonly id: string } }
    return user?.id ?? response.status
  }
  const outcomes = [await call()]
  server.actingAs('7', ['orders:read'])
  outcomes.push(await call(), await call(await server.tokenFor('8', ['*'])))
  server.actingAs('7', ['orders:create'])
  outcomes.push(await call())
  server.actingAsClient('importer', ['orders:read'])
  outcomes.push(await call())
  server.actingAsGuest()
  outcomes.push(await call())
  expect(outcomes).toEqual([401, '7', '8', 403, 401, 401])
  http.close()
  http.closeAllConnections()
})
