import { createServer } from 'node:http'
import { join } from 'node:path'
import { rolldown } from 'rolldown'
import { afterAll, describe, expect, test } from 'vitest'
import { toNode } from '../../src/adapters/node.ts'
import { chromium, openCleanPage, signIn } from '../support/chromium.ts'
import { listen } from '../support/server.ts'
import { startIdentity, type Identity } from './identity.ts'
import { areClientsInstalled, FOLDER } from './installed.ts'
import { programText } from './program.ts'
import { startMcpProject } from './project.ts'

const canRun = areClientsInstalled && chromium !== undefined
const closing: (() => Promise<unknown>)[] = []
afterAll(async () => {
  for (const close of closing.toReversed()) await close()
})

type Settings = Readonly<Record<string, string>>

/** Bundles a program for a browser, as Vite does: with its environment in it. */
async function bundle(text: string, environment: Settings): Promise<string> {
  const input = join(FOLDER, 'page.js')
  const source = text.replaceAll('import.meta.env', JSON.stringify(environment))
  const build = await rolldown({
    input,
    platform: 'browser',
    plugins: [
      {
        name: 'page',
        load: (id) => (id === input ? source : null),
        resolveId: (id) => (id === input ? id : null),
      },
    ],
  })
  const { output } = await build.generate({ format: 'esm', codeSplitting: false })
  await build.close()
  return output[0].code
}

/** Starts a single-page app with an API on its own origin. Its script is built once its origin is known. */
async function startPage(identity: Pick<Identity, 'server'>, text: string, settings: Settings) {
  const http = createServer()
  const origin = await listen(http)
  closing.push(async () => {
    http.close()
    http.closeAllConnections()
  })
  const { id } = await identity.server.addClient({ type: 'public', redirectUris: [`${origin}/callback`] })
  const script = await bundle(text, { VITE_CLIENT_ID: id, ...settings })
  const orders = toNode(identity.server.server).user('orders:read')((_request, response) => {
    response.end('["tea"]')
  })
  http.on('request', (request, response) => {
    if (request.url === '/api/orders') return orders(request, response)
    if (request.url === '/page.js') return response.setHeader('Content-Type', 'text/javascript').end(script)
    response.setHeader('Content-Type', 'text/html')
    response.end(
      '<!doctype html><title>App</title><link rel="icon" href="data:,"><body><script type="module" src="/page.js"></script>',
    )
  })
  return { origin, id }
}

describe.runIf(canRun)('in Chromium', () => {
  test('the program for oidc-client-ts signs in, calls the API, refreshes and revokes its tokens', async () => {
    const identity = await startIdentity()
    closing.push(identity.close)
    const settings = { VITE_ISSUER: identity.issuer }
    const { origin, id } = await startPage(identity, programText('oidc-client-ts'), settings)
    const { page, problems } = await openCleanPage()
    await page.goto(origin)
    await signIn(page, identity.user)
    await page.getByRole('button', { name: 'Allow', exact: true }).click()
    await page.getByText('["tea"]').waitFor()
    expect(new URL(page.url()).pathname).toBe('/')
    expect(problems).toEqual([])
    identity.server.clock.advance('16m')
    await page.reload()
    await page.getByText('["tea"]').waitFor()
    const issued = identity.server.events.findLast(({ name }) => name === 'token.issued')
    expect(issued?.payload).toMatchObject({ clientId: id, grantType: 'refresh_token' })
    expect(await identity.server.server.authorizations.list(identity.user)).toHaveLength(1)
    await page.getByRole('button', { name: 'Sign out' }).click()
    await page.waitForURL(`${identity.issuer}/logout`)
    expect(await identity.server.server.authorizations.list(identity.user)).toEqual([])
    // The browser reports the 401 for the expired token.
    expect(problems.filter((problem) => !problem.includes('status of 401'))).toEqual([])
  })

  test('the client of the MCP SDK on another origin finds the server, signs in and calls a tool', async () => {
    const project = await startMcpProject('mcp-cors')
    closing.push(project.close)
    const settings = { VITE_MCP: `${project.issuer}/mcp`, VITE_ISSUER: project.issuer }
    const { origin } = await startPage(project, MCP_PAGE, settings)
    const { page, problems } = await openCleanPage()
    await page.goto(origin)
    await signIn(page, project.user)
    await page.getByRole('button', { name: 'Allow', exact: true }).click()
    await page.getByText(`Orders of user ${project.user.id}`).waitFor()
    // The browser reports each 401 of the MCP server. Nothing was blocked by CORS.
    expect(problems.filter((problem) => !/status of (401|405)/.test(problem))).toEqual([])
  })
})

const MCP_PAGE = `
import { UnauthorizedError } from '@modelcontextprotocol/sdk/client/auth.js'
import { Client } from '@modelcontextprotocol/sdk/client/index.js'
import { StreamableHTTPClientTransport } from '@modelcontextprotocol/sdk/client/streamableHttp.js'

const { VITE_MCP, VITE_ISSUER, VITE_CLIENT_ID } = import.meta.env
const authProvider = {
  redirectUrl: location.origin + '/callback',
  clientMetadata: { client_name: 'Page', redirect_uris: [location.origin + '/callback'] },
  clientInformation: () => ({ client_id: VITE_CLIENT_ID, issuer: VITE_ISSUER }),
  saveCodeVerifier: (verifier) => sessionStorage.setItem('verifier', verifier),
  codeVerifier: () => sessionStorage.getItem('verifier'),
  saveTokens: (tokens) => sessionStorage.setItem('tokens', JSON.stringify(tokens)),
  tokens: () => JSON.parse(sessionStorage.getItem('tokens') ?? 'null') ?? undefined,
  redirectToAuthorization: (url) => location.assign(url),
}
const newTransport = () => new StreamableHTTPClientTransport(new URL(VITE_MCP), { authProvider })
const code = new URLSearchParams(location.search).get('code')
if (code) await newTransport().finishAuth(code)
const client = new Client({ name: 'page', version: '1.0.0' })
try {
  await client.connect(newTransport())
  const { content } = await client.callTool({ name: 'list-orders' })
  document.body.textContent = content[0].text
} catch (error) {
  if (!(error instanceof UnauthorizedError)) throw error
}`
