/**
 * A shop in Nest with its own users and sign-in form. Machines call its API.
 *
 *     npx rolldown -c examples/nest/rolldown.config.ts && npm run example examples/nest/dist/main.js
 */
import 'reflect-metadata'
import { generateKeyPairSync, randomBytes } from 'node:crypto'
import { Body, Controller, Get, Module, Post, Redirect, Req, Res } from '@nestjs/common'
import { NestFactory } from '@nestjs/core'
import { authorizationCode, clientCredentials, createAuthorizationServer, type MachineAuth } from 'consulate'
import { toNest, type NestRequest, type NestResponse } from 'consulate/nest'
import { sqlite } from 'consulate/sqlite'

const port = Number(process.env['PORT'] ?? 3000)
const ada = { id: '1', name: 'Ada', password: randomBytes(9).toString('base64url') }
const server = createAuthorizationServer({
  issuer: `http://127.0.0.1:${port}`,
  // Lost when the process exits. In production, use secretsFromDirectory('./data/secrets').
  secrets: {
    signingKeys: [{ privateKey: generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey }],
    secrets: [{ value: randomBytes(32).toString('base64url') }],
  },
  store: sqlite(':memory:'),
  users: {
    find: async (id) => (id === ada.id ? ada : undefined),
    findByUsername: async (name) => (name === 'ada' ? ada : undefined),
    verifyPassword: async (user, password) => user?.password === password, // In production, store hashes.
  },
  scopes: { 'orders:read': 'See your orders' },
  grants: [authorizationCode(), clientCredentials()],
})
const { ConsulateModule, Machine, CurrentAuth, CurrentUser, startSession } = toNest(server)
@Controller()
class Shop {
  @Get()
  home(@CurrentUser() user?: typeof ada): string {
    const signIn = 'Password of Ada: <input name="password" type="password"> <button>Sign in</button>'
    return `<form method="post" action="/in">${user ? `Hello, ${user.name}.` : signIn}</form>`
  }
  @Post('in')
  @Redirect('/')
  async signIn(
    @Body('password') password: string,
    @Req() request: NestRequest,
    @Res({ passthrough: true }) response: NestResponse,
  ) {
    if (password === ada.password) await startSession(request, response, ada, { methods: ['pwd'] })
  }
  @Get('orders')
  @Machine('orders:read')
  orders(@CurrentAuth() auth: MachineAuth) {
    return { orders: ['tea', 'rice'], client: auth.client.id }
  }
}
@Module({ imports: [ConsulateModule], controllers: [Shop] })
class App {}
const { client, secret } = await server.clients.create({ name: 'Importer', scopes: ['orders:read'] })
await (await NestFactory.create(App, { logger: false })).listen(port, '127.0.0.1')
console.log(`Open ${server.issuer} and sign in with the password ${ada.password}. Call the API with:
ISSUER=${server.issuer} CLIENT_ID=${client.id} CLIENT_SECRET=${secret} npm run example examples/machine-client.ts`)
