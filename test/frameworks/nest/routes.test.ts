import 'reflect-metadata'
import {
  Controller,
  Get,
  Module,
  VersioningType,
  type INestApplication,
  type MiddlewareConsumer,
  type NestModule,
  type Type,
} from '@nestjs/common'
import { afterAll, describe, expect, test } from 'vitest'
import { toNest } from '../../../src/adapters/nest.ts'
import { startServer } from '../../support/server.ts'
import { create, listen, PLATFORMS } from './start.ts'

const started = await startServer()
const { server } = started
afterAll(started.close)
const client = await started.addClient({ grantTypes: ['client_credentials'], scopes: ['orders:read'] })
const auth = toNest(server)

@Controller()
class Api {
  @Get('hello')
  hello(): object {
    return { hello: 'world' }
  }
}

@Module({ imports: [auth.ConsulateModule], controllers: [Api] })
class WithModule {}

@Module({ controllers: [Api] })
class Bare {}

@Module({ controllers: [Api] })
class WithMiddleware implements NestModule {
  configure(consumer: MiddlewareConsumer): void {
    consumer.apply(auth.routes()).forRoutes('{*path}')
  }
}

@Module({ imports: [WithMiddleware] })
class Nested {}

const nothing = (): void => {}
const MOUNTS: readonly [name: string, app: Type, prepare: (app: INestApplication) => void][] = [
  ['ConsulateModule', WithModule, nothing],
  ['ConsulateModule, with a global prefix', WithModule, (app) => app.setGlobalPrefix('api')],
  [
    'ConsulateModule, with versions',
    WithModule,
    (app) => app.enableVersioning({ type: VersioningType.URI, defaultVersion: '1' }),
  ],
  ['app.use() in main.ts', Bare, (app) => app.use(auth.routes())],
  ['consumer.apply() in a module', WithMiddleware, nothing],
  ['consumer.apply() in a nested module', Nested, nothing],
  ['ConsulateModule and app.use()', WithModule, (app) => app.use(auth.routes())],
]

const requestToken = (origin: string, secret: string): Promise<Response> =>
  fetch(`${origin}/oauth/token`, {
    method: 'POST',
    body: new URLSearchParams({
      grant_type: 'client_credentials',
      client_id: client.id,
      client_secret: secret,
    }),
  })

describe.each(PLATFORMS)('Nest on %s', (platform) => {
  test.each(MOUNTS)('answers the paths of the server: %s', async (_, app, prepare) => {
    const nest = await create(platform, app)
    prepare(nest)
    const origin = await listen(nest)
    const response = await requestToken(origin, client.secret ?? '')
    expect(response.status).toBe(200)
    const { access_token: token } = (await response.json()) as { access_token: string }
    started.knownSecrets.add('access token', token)
    const metadata = await fetch(`${origin}/.well-known/oauth-authorization-server`)
    expect(await metadata.json()).toMatchObject({ issuer: server.issuer })
    expect((await fetch(`${origin}/login`)).headers.get('content-security-policy')).toBeTruthy()
    expect((await fetch(`${origin}/oauth/token`, { method: 'PATCH' })).status).toBe(405)
    expect((await fetch(`${origin}/.well-known/jwks.json`, { method: 'HEAD' })).status).toBe(200)
    const remove = await fetch(`${origin}/oauth/personal-access-tokens/unknown`, { method: 'DELETE' })
    expect([remove.status, remove.headers.get('x-request-id')]).toEqual([401, expect.any(String)])
  })

  test.each(MOUNTS)('leaves every other path to the app: %s', async (_, app, prepare) => {
    const nest = await create(platform, app)
    prepare(nest)
    const origin = await listen(nest)
    const paths = [`${origin}/hello`, `${origin}/api/hello`, `${origin}/v1/hello`]
    const statuses = await Promise.all(paths.map(async (path) => (await fetch(path)).status))
    expect(statuses.filter((status) => status === 200)).toHaveLength(1)
    expect((await fetch(`${origin}/elsewhere`)).status).toBe(404)
  })

  test('runs after the middleware of main.ts, and before Nest parses the body', async () => {
    const seen: unknown[] = []
    const nest = await create(platform, WithModule)
    nest.use((request: { body?: unknown }, _: unknown, next: () => void) => {
      seen.push(request.body)
      next()
    })
    const origin = await listen(nest)
    const headers = { 'content-type': 'application/json' }
    const response = await fetch(`${origin}/oauth/token`, { method: 'POST', headers, body: '{' })
    expect([response.status, await response.json()]).toMatchObject([400, { error: 'invalid_request' }])
    expect(seen).toEqual([undefined])
  })

  test('counts failures by the address of the connection', async () => {
    const origin = await listen(await create(platform, WithModule))
    expect((await requestToken(origin, 'wrong')).status).toBe(401)
    expect(started.events.at(-1)?.payload['address']).toBe('127.0.0.1')
  })
})
