import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, describe, expect, test } from 'vitest'
import { startIdentity, visitApp, type AppVisit } from './identity.ts'
import { areClientsInstalled, FOLDER } from './installed.ts'
import { programNames, programText, runText } from './program.ts'
import { freePort } from '../support/free-port.ts'

const identity = await startIdentity()
const { issuer, server, user } = identity
afterAll(identity.close)

interface App {
  /** The name of the block on the page. */
  readonly block: string
  readonly callback: string
  /** Default: confidential. */
  readonly type?: 'public' | 'confidential'
  /** The page after the sign-in. */
  readonly signIn: (app: AppVisit) => Promise<{ readonly text: string }>
  /** Whether the client refuses a redirect with the `iss` of another server. */
  readonly checksIssuer?: boolean
  /** Whether the client refreshes its tokens. */
  readonly refreshes?: boolean
  /** Whether it revokes its tokens when the user signs out at `/sign-out`. */
  readonly revokes?: boolean
  /** Turns the block into a program. */
  readonly host?: (text: string) => string
}

const signInPath = (app: AppVisit) => app.open('/sign-in')

const APPS: readonly App[] = [
  { block: 'passport', callback: '/callback', signIn: signInPath },
  {
    block: 'simple-oauth2',
    callback: '/callback',
    signIn: signInPath,
    checksIssuer: true,
    refreshes: true,
    revokes: true,
  },
  { block: 'arctic', callback: '/callback', signIn: signInPath, checksIssuer: true, refreshes: true },
  { block: 'openid-client', callback: '/callback', signIn: signInPath, checksIssuer: true, refreshes: true },
  {
    block: 'axios',
    callback: '/callback',
    type: 'public',
    signIn: signInPath,
    checksIssuer: true,
    refreshes: true,
  },
  { block: 'badgateway', callback: '/callback', signIn: signInPath, checksIssuer: true, refreshes: true },
  {
    block: 'auth-js',
    callback: '/auth/callback/consulate',
    signIn: (app) => submitWithToken(app, '/auth'),
    checksIssuer: true,
    refreshes: true,
  },
  {
    block: 'next-auth',
    callback: '/api/auth/callback/consulate',
    signIn: (app) => submitWithToken(app, '/api/auth'),
    checksIssuer: true,
    host: inNext,
  },
  {
    block: 'better-auth',
    callback: '/api/auth/callback/consulate',
    // Its response is for a script, but has a `Location` too.
    signIn: (app) =>
      app.open('/api/auth/sign-in/social', {
        method: 'POST',
        headers: { 'content-type': 'application/json', origin: app.origin },
        body: JSON.stringify({ provider: 'consulate', callbackURL: '/orders' }),
      }),
    checksIssuer: true,
    refreshes: true,
  },
]

/** Auth.js signs users in through a form with its own CSRF token. */
async function submitWithToken(app: AppVisit, path: string): Promise<{ readonly text: string }> {
  const { csrfToken } = JSON.parse((await app.open(`${path}/csrf`)).text) as { readonly csrfToken: string }
  const body = new URLSearchParams({ csrfToken, callbackUrl: `${app.origin}/orders` })
  return app.open(`${path}/signin/consulate`, { method: 'POST', body })
}

/** Mounts an API route of Next as Next does: with the query, cookies and body parsed. */
function inNext(text: string): string {
  const route = text
    .replaceAll(/^import (\w+) from '(.+)'$/gm, "const $1 = require('$2').default")
    .replace('export default', 'const route =')
  return `
import { createRequire } from 'node:module'
import express from 'express'
const require = createRequire(process.cwd() + '/')
${route}
const app = express()
app.use(express.urlencoded(), (request, response, next) => {
  const query = { ...request.query, nextauth: request.path.split('/').slice(3) }
  const pairs = (request.headers.cookie ?? '').split('; ').map((pair) => pair.split('='))
  Object.defineProperty(request, 'query', { value: query })
  request.cookies = Object.fromEntries(pairs.map(([name, value]) => [name, decodeURIComponent(value ?? '')]))
  next()
})
app.all('/api/auth/{*path}', (request, response) => route(request, response))
app.get('/orders', async (request, response) => {
  const headers = { cookie: request.headers.cookie ?? '' }
  const session = await (await fetch('http://127.0.0.1:' + process.env.PORT + '/api/auth/session', { headers })).json()
  const orders = await fetch(process.env.ISSUER + '/orders', { headers: { Authorization: 'Bearer ' + session.accessToken } })
  response.status(orders.status).json({ user: session.user, orders: await orders.json() })
})
app.listen(process.env.PORT, '127.0.0.1', () => console.log('Listening'))`
}

const SECRET = 'a secret of the app, for its own cookies'

/** Runs the program of a client that is registered with its redirect URI. */
async function startApp({ block, callback, type = 'confidential', host = (text) => text }: App) {
  const port = await freePort()
  const origin = `http://127.0.0.1:${port}`
  const client = await server.addClient({ name: block, type, redirectUris: [origin + callback] })
  const program = runText(host(programText(block)), {
    ISSUER: issuer,
    CLIENT_ID: client.id,
    CLIENT_SECRET: client.secret ?? '',
    PORT: port,
    AUTH_SECRET: SECRET,
    NEXTAUTH_SECRET: SECRET,
    NEXTAUTH_URL: origin,
    SESSION_SECRET: SECRET,
  })
  await program.printed('Listening')
  return { client, program, app: visitApp(origin, identity) }
}

describe.runIf(areClientsInstalled)('the program for', () => {
  test.each(APPS)(
    '$block checks the redirect, signs in, calls the API, refreshes and signs out',
    async (given) => {
      const { client, program, app } = await startApp(given)
      app.tamper({ state: 'forged' })
      expect((await given.signIn(app)).text).not.toContain('tea')
      if (given.checksIssuer) {
        app.tamper({ iss: 'https://evil.example' })
        expect((await given.signIn(app)).text).not.toContain('tea')
      }
      app.tamper({})
      const page = await given.signIn(app)
      expect(page.text, await program.printed('')).toMatch(/^\{.*"orders":\["tea"\]/)
      if (page.text.includes('"user"')) expect(page.text).toContain(user.email)
      if (given.refreshes) {
        server.clock.advance('16m')
        await program.advance(16 * 60_000)
        expect((await app.open('/orders')).text).toContain('"orders":["tea"]')
        const issued = server.events.findLast(({ name }) => name === 'token.issued')
        expect(issued?.payload).toMatchObject({ clientId: client.id, grantType: 'refresh_token' })
      }
      if (given.revokes) {
        expect((await app.post('/sign-out')).href).toBe(`${issuer}/logout`)
        const left = await server.server.authorizations.list(user)
        expect(left.filter(({ clientId }) => clientId === client.id)).toEqual([])
        expect((await server.store.revocations.listSince(0, 0, 1000)).map(({ kind }) => kind)).toEqual([
          'token',
          'authorization',
        ])
      }
      await program.stop()
    },
  )
})

describe.runIf(areClientsInstalled)('without its issuer', () => {
  test.each([
    ['auth-js', 'unexpected "iss" (issuer) response parameter value'],
    ['next-auth', 'issuer must be configured on the issuer'],
  ])('%s refuses our redirect, as the guide says', async (block, message) => {
    const app = APPS.find((one) => one.block === block)
    if (!app) throw new Error(`No app ${block}`)
    const host = (text: string): string => (app.host ?? String)(text.replace(/^ *issuer: ISSUER.*$/m, ''))
    const { program, app: visit } = await startApp({ ...app, host })
    await app.signIn(visit)
    expect(await program.printed(message)).toContain(message)
    await program.stop()
  })
})

test('every program of the guides is run by a test', async () => {
  const files = await readdir(FOLDER)
  const tests = files.filter((file) => file.endsWith('.ts'))
  const sources = await Promise.all(tests.map((file) => readFile(join(FOLDER, file), 'utf8')))
  expect(programNames.filter((name) => !sources.join('').includes(`'${name}'`))).toEqual([])
})
