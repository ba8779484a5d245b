import 'reflect-metadata'
import {
  Catch,
  Controller,
  Get,
  HttpException,
  Inject,
  Injectable,
  Module,
  Post,
  Req,
  Res,
  UseFilters,
  type ArgumentsHost,
  type ExceptionFilter,
} from '@nestjs/common'
import { APP_GUARD } from '@nestjs/core'
import { ExecutionContextHost } from '@nestjs/core/helpers/execution-context-host.js'
import { afterAll, describe, expect, test } from 'vitest'
import {
  AUTHORIZATION_SERVER,
  toNest,
  type NestRequest,
  type NestResponse,
} from '../../../src/adapters/nest.ts'
import type { AuthorizationServer, UserAuth } from '../../../src/index.ts'
import { problemsOf } from '../../support/config.ts'
import { startTwoProviders } from '../../support/providers.ts'
import { startServer } from '../../support/server.ts'
import { create, listen, PLATFORMS } from './start.ts'

const started = await startServer()
const { server } = started
afterAll(started.close)
const user = await started.addUser()
const { accessToken: token } = await server.personalTokens.create(user.id, {
  name: 'Mine',
  scopes: ['orders:read'],
  expiresIn: '1d',
})
started.knownSecrets.add('access token', token)
const auth = toNest(server)
const client = await started.addClient({ grantTypes: ['client_credentials'], scopes: ['orders:read'] })

async function machineToken(): Promise<string> {
  const parameters = {
    grant_type: 'client_credentials',
    client_id: client.id,
    client_secret: client.secret ?? '',
  }
  const response = await fetch(started.endpoint('/oauth/token'), {
    method: 'POST',
    body: new URLSearchParams(parameters),
  })
  const { access_token: machine } = (await response.json()) as { access_token: string }
  started.knownSecrets.add('access token', machine)
  return machine
}

@Injectable()
class Orders {
  private readonly server: AuthorizationServer
  constructor(@Inject(AUTHORIZATION_SERVER) server: AuthorizationServer) {
    this.server = server
  }
  issuer(): string {
    return this.server.issuer
  }
}

@Catch(HttpException)
class Teapot implements ExceptionFilter {
  catch(exception: HttpException, host: ArgumentsHost): void {
    const response = host.switchToHttp().getResponse<{
      status(code: number): { send(body: object): void }
    }>()
    response.status(418).send({ seen: exception.getStatus(), body: exception.getResponse() })
  }
}

@Catch(RangeError)
class RangeErrors implements ExceptionFilter {
  catch(error: RangeError, host: ArgumentsHost): void {
    host
      .switchToHttp()
      .getResponse<{ status(code: number): { send(body: object): void } }>()
      .status(422)
      .send({ caught: error.message })
  }
}

@Controller('shop')
@auth.Scopes('orders:create')
class Shop {
  private readonly orders: Orders
  constructor(orders: Orders) {
    this.orders = orders
  }

  @Get('inherited')
  inherited(): string {
    return 'not reached'
  }

  @Get('replaced')
  @auth.Scopes('orders:read')
  replaced(@auth.CurrentUser() user: UserAuth['user'], @auth.CurrentAuth() granted: UserAuth): object {
    return { id: user.id, can: granted.can('orders:read'), issuer: this.orders.issuer() }
  }

  @Get('open')
  @auth.Public()
  open(@auth.CurrentUser() user: unknown): object {
    return { user: user ?? null }
  }

  @Get('filtered')
  @UseFilters(new Teapot())
  filtered(): string {
    return 'not reached'
  }

  @Get('failing')
  @auth.Scopes()
  @UseFilters(new RangeErrors())
  failing(): string {
    throw new RangeError('no orders today')
  }
}

@Controller()
class Undecorated {
  @Get('undecorated')
  get(@auth.CurrentUser() user?: UserAuth['user']): object {
    return { id: user?.id ?? null }
  }
}

class Listing {
  @Get('listing')
  @auth.Scopes('orders:read')
  list(): object {
    return {}
  }
}

@Controller()
class OwnListing extends Listing {
  @Get('listing')
  override list(): object {
    return { isOpen: true }
  }
}

@Controller('profile')
class Account {
  @Post('sign-in')
  async signIn(
    @Req() request: NestRequest,
    @Res({ passthrough: true }) response: NestResponse,
  ): Promise<object> {
    response.header('Set-Cookie', 'theme=dark')
    const { session } = await auth.startSession(request, response, user.id, { methods: ['otp'] })
    return { id: session.id }
  }

  @Get()
  show(@auth.CurrentUser() signedIn?: { readonly id: string; readonly email: string }): object {
    return { email: signedIn?.email ?? null }
  }

  @Get('machine')
  @auth.Anyone()
  machine(@auth.CurrentUser() signedIn?: { readonly id: string }): object {
    return { user: signedIn ?? null }
  }

  @Post('sign-out')
  async signOut(
    @Req() request: NestRequest,
    @Res({ passthrough: true }) response: NestResponse,
  ): Promise<object> {
    await auth.endSession(request, response)
    return {}
  }
}

const controllers = [Shop, Undecorated, OwnListing, Account]
@Module({ imports: [auth.ConsulateModule], controllers, providers: [Orders] })
class App {}

@Module({
  imports: [auth.ConsulateModule],
  controllers,
  providers: [Orders, { provide: APP_GUARD, useValue: auth.AuthGuard }],
})
class GuardedApp {}

const headers = { authorization: `Bearer ${token}` }
const get = async (url: string, init: RequestInit = { headers }) => {
  const response = await fetch(url, init)
  return { status: response.status, headers: response.headers, body: await response.json() }
}

describe.each(PLATFORMS)('Nest on %s', (platform) => {
  test('refuses with the status, the challenge and the body of the guard', async () => {
    const origin = await listen(await create(platform, App))
    const missing = await get(`${origin}/shop/inherited`, {})
    expect([missing.status, missing.headers.get('www-authenticate'), missing.body]).toEqual([
      401,
      expect.stringMatching(/^Bearer realm="[^"]+"$/),
      { error: 'missing_token', error_description: 'Missing token' },
    ])
    const insufficient = await get(`${origin}/shop/inherited`)
    expect([insufficient.status, insufficient.headers.get('www-authenticate'), insufficient.body]).toEqual([
      403,
      expect.stringContaining('error="insufficient_scope", scope="orders:create"'),
      { error: 'insufficient_scope', error_description: 'Insufficient scope' },
    ])
    expect(insufficient.headers.get('cache-control')).toBe('no-store')
  })

  test('the decorator of a route replaces the one of its controller', async () => {
    const origin = await listen(await create(platform, App))
    expect((await get(`${origin}/shop/replaced`)).body).toEqual({
      id: user.id,
      can: true,
      issuer: server.issuer,
    })
    expect((await get(`${origin}/shop/open`, {})).body).toEqual({ user: null })
  })

  test('exception filters of the app see refusals, and keep their headers', async () => {
    const origin = await listen(await create(platform, App))
    const { status, headers, body } = await get(`${origin}/shop/filtered`)
    expect([status, body]).toEqual([
      418,
      { seen: 403, body: { error: 'insufficient_scope', error_description: 'Insufficient scope' } },
    ])
    expect(headers.get('www-authenticate')).toContain('insufficient_scope')
  })

  test('errors of a guarded route reach exception filters', async () => {
    const origin = await listen(await create(platform, App))
    expect(await get(`${origin}/shop/failing`)).toMatchObject({
      status: 422,
      body: { caught: 'no orders today' },
    })
  })

  test('as a global guard, requires a user on routes without a decorator, and leaves public routes open', async () => {
    const origin = await listen(await create(platform, GuardedApp))
    expect((await get(`${origin}/undecorated`, {})).status).toBe(401)
    expect((await get(`${origin}/listing`, {})).status).toBe(401)
    expect((await get(`${origin}/undecorated`)).body).toEqual({ id: user.id })
    expect((await get(`${origin}/shop/open`, {})).status).toBe(200)
    expect((await get(`${origin}/shop/inherited`)).status).toBe(403)
    expect((await get(`${origin}/.well-known/oauth-authorization-server`, {})).status).toBe(200)
  })

  test('starts, reads and ends the session of a browser, and keeps the cookies of the app', async () => {
    const origin = await listen(await create(platform, App))
    const post = (path: string, cookie = ''): Promise<Response> =>
      fetch(`${origin}/profile/${path}`, { method: 'POST', headers: { cookie } })
    const cookies = (await post('sign-in')).headers.getSetCookie()
    expect(cookies).toContain('theme=dark')
    const cookie = cookies.map((line) => line.split(';', 1)[0]).join('; ')
    started.knownSecrets.add('session cookie', /session[^=]*=([^;]+)/.exec(cookie)?.[1] ?? '')
    const signedIn = () => get(`${origin}/profile`, { headers: { cookie } })
    expect((await signedIn()).body).toEqual({ email: user.email })
    expect((await get(`${origin}/shop/open`, { headers: { cookie } })).body).toMatchObject({
      user: { id: user.id },
    })
    const cleared = (await post('sign-out', cookie)).headers.getSetCookie()
    expect(cleared.length).toBeGreaterThan(0)
    expect((await signedIn()).body).toEqual({ email: null })
  })

  test('a machine token does not become the user of a session cookie', async () => {
    const origin = await listen(await create(platform, App))
    const { cookies } = await server.sessions.start(user.id, { request: { headers: {} } })
    const cookie = cookies.map((line) => line.split(';', 1)[0]).join('; ')
    const authorization = `Bearer ${await machineToken()}`
    expect((await get(`${origin}/profile/machine`, { headers: { cookie, authorization } })).body).toEqual({
      user: null,
    })
  })

  test('routes without a decorator stay open if the guard is not global', async () => {
    const origin = await listen(await create(platform, App))
    expect((await get(`${origin}/undecorated`, {})).body).toEqual({ id: null })
    // Decorators of a method are not those of a method that overrides it.
    expect((await get(`${origin}/listing`, {})).body).toEqual({ isOpen: true })
  })
})

test.each(['ws', 'rpc', 'graphql'])('rejects a context that is not HTTP: %s', (type) => {
  const context = new ExecutionContextHost([{}, {}], Shop, Shop.prototype.inherited)
  context.setType(type)
  expect(() => auth.AuthGuard.canActivate(context)).toThrow(`check HTTP routes only, not ${type}`)
})

test('rejects misspelled scopes when the controller is declared', () => {
  // @ts-expect-error a misspelled scope does not compile
  const problems = problemsOf(() => auth.Scopes('orders:raed'))
  expect(problems).toMatchObject([
    { path: 'user', message: expect.stringContaining('orders:raed') as string },
  ])
})

test('rejects a second decorator, whose scopes would replace those of the first', () => {
  const decorate = (): unknown => {
    class Twice {
      @auth.Scopes('orders:read')
      @auth.Scopes('orders:create')
      orders(): void {}
    }
    return Twice
  }
  expect(problemsOf(decorate)).toMatchObject([
    { path: 'orders', message: expect.stringContaining('two decorators') as string },
  ])
})

test('an auth that other middleware has set is not the result of a guard', async () => {
  class Whose {
    @Get()
    whose(@auth.CurrentAuth() granted: unknown, @auth.CurrentUser() known: unknown): object {
      return { granted: granted ?? null, known: known ?? null }
    }
  }
  Controller('whose')(Whose)
  const module = { ...auth.ConsulateModule, controllers: [Whose] }
  const app = await create('express', module as never)
  app.use((request: { auth?: unknown }, _response: unknown, next: () => void) => {
    request.auth = { kind: 'user', user: { id: 'admin' } }
    next()
  })
  expect((await get(`${await listen(app)}/whose`, {})).body).toEqual({ granted: null, known: null })
})

test('for() finds the browser session of one provider, whose user may have the ID of another user', async () => {
  await using two = await startTwoProviders()
  const { server: authorizationServer } = two.server
  const nest = toNest(authorizationServer)
  class Who {
    @Get()
    who(@(nest.for('customers').CurrentUser()) known?: { readonly id: string }): object {
      return { id: known?.id ?? null }
    }
  }
  Controller('who')(Who)
  const origin = await listen(
    await create('express', { ...nest.ConsulateModule, controllers: [Who] } as never),
  )
  const signedIn = async (provider: 'users' | 'customers'): Promise<unknown> => {
    const { user } = two.sides[provider]
    const { cookies } = await authorizationServer.sessions.start(
      { id: user.id, provider },
      { request: { headers: {} } },
    )
    const cookie = cookies.map((line) => line.split(';', 1)[0]).join('; ')
    return (await get(`${origin}/who`, { headers: { cookie } })).body
  }
  expect(await signedIn('customers')).toEqual({ id: two.sides.customers.user.id })
  expect(await signedIn('users')).toEqual({ id: null })
})
