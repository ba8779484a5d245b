import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { createServer, type RequestListener, type Server } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { rolldown } from 'rolldown'
import { describe, expect, onTestFinished, test } from 'vitest'
import { toNode } from '../../src/adapters/node.ts'
import { blocksOf } from '../house/blocks.ts'
import { ROOT } from '../house/repository.ts'
import { chromium, openBrowser, recordProblems, signIn } from '../support/chromium.ts'
import { listen, startServer } from '../support/server.ts'

const GUIDE = 'docs/guides/single-page-app.md'

/** Returns the block of the guide that contains a text, without its first line if that names what is given. */
async function blockWith(part: string): Promise<string> {
  const blocks = blocksOf({ [GUIDE]: await readFile(join(ROOT, GUIDE), 'utf8') })
  const found = blocks.filter(({ language, text }) => language === 'ts' && text.includes(part))
  expect(found).toHaveLength(1)
  return found[0]?.text.replace(/^\/\/ given: .*\n/, '') ?? ''
}

/** Pastes the guide's app into a folder, with the addresses and the client of the test, and bundles it. */
async function bundleApp(folder: string, adapt: (code: string) => string): Promise<string> {
  const imports = "import { auth, finish, signIn } from './auth.ts'\n"
  await writeFile(join(folder, 'auth.ts'), adapt(await blockWith('createTokenClient')))
  await writeFile(join(folder, 'main.ts'), imports + adapt(await blockWith('history.replaceState')))
  const alias = { 'consulate/browser': join(ROOT, 'src/browser/index.ts') }
  const bundle = await rolldown({ input: join(folder, 'main.ts'), platform: 'browser', resolve: { alias } })
  const { output } = await bundle.generate({ format: 'esm' })
  await bundle.close()
  return output[0].code
}

/** Serves the bundle and one page for all other paths, as a dev server does. */
const pages =
  (code: string): RequestListener =>
  (request, response) => {
    const isCode = request.url === '/main.js'
    response.setHeader('Content-Type', isCode ? 'text/javascript' : 'text/html')
    response.end(
      isCode
        ? code
        : '<!doctype html><link rel="icon" href="data:,"><body><script type="module" src="/main.js"></script>',
    )
  }

/** Adds the guide's lines for CORS to an API. */
async function withCorsOfGuide(
  folder: string,
  origin: string,
  api: RequestListener,
): Promise<RequestListener> {
  const code = await blockWith('export const withCors')
  await writeFile(join(folder, 'cors.ts'), code.replace('http://127.0.0.1:5173', origin))
  const { withCors } = (await import(pathToFileURL(join(folder, 'cors.ts')).href)) as {
    withCors: (listener: RequestListener) => RequestListener
  }
  return withCors(api)
}

/** Starts an HTTP server without a listener, until the end of the test. */
async function startHttp(): Promise<{ readonly http: Server; readonly origin: string }> {
  const http = createServer()
  onTestFinished(() => {
    http.close()
    http.closeAllConnections()
  })
  return { http, origin: await listen(http) }
}

describe.skipIf(!chromium)('the code of the guide to single-page apps', () => {
  test('signs a user in on a development server and calls an API on another origin', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'consulate-spa-'))
    onTestFinished(() => rm(folder, { recursive: true, force: true }))
    const [app, own] = [await startHttp(), await startHttp()]
    const server = await startServer({ issuer: own.origin })
    onTestFinished(() => server.close())
    const node = toNode(server.server)
    const orders = node.user('orders:read')((request, response) => {
      response.end(`Orders of ${request.auth.user.id}`)
    })
    own.http.on('request', node.routes(await withCorsOfGuide(folder, app.origin, orders)))
    const redirectUris = [`${app.origin}/callback`]
    const client = await server.addClient({ type: 'public', name: 'Shop', redirectUris })
    const code = await bundleApp(folder, (block) =>
      block.replaceAll('http://127.0.0.1:3000', own.origin).replace('the client ID', client.id),
    )
    app.http.on('request', pages(code))

    const context = await (await openBrowser()).newContext()
    onTestFinished(() => context.close())
    const page = await context.newPage()
    const problems = recordProblems(page)
    const user = await server.addUser()
    await page.goto(`${app.origin}/orders/7`)
    await signIn(page, user)
    await page.getByRole('button', { name: 'Allow', exact: true }).click()
    await page.getByText(`Orders of ${user.id}`).waitFor()
    expect(page.url()).toBe(`${app.origin}/orders/7`)
    expect(problems).toEqual([])
  })
})
