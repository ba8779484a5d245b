import { createServer, type Server } from 'node:http'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { createPages } from '../../src/pages/render.ts'
import type { OwnView } from '../../src/pages/view.ts'
import { chromium, openCleanPage } from '../support/chromium.ts'
import { SAMPLES } from '../support/page-samples.ts'
import { listen } from '../support/server.ts'

const SCRIPTS: Readonly<Record<string, string>> = {
  '/main.js': "import './imported.js'; await import('./later.js'); document.body.append('main ')",
  '/imported.js': "document.body.append('imported ')",
  '/later.js': "document.body.append('later ')",
}

describe.skipIf(!chromium)('a page of your own in a browser', () => {
  let http: Server
  let client: Server
  let [origin, clientOrigin] = ['', '']
  let view: OwnView<'signIn'>

  beforeAll(async () => {
    client = createServer((_request, response) => void response.end('The client'))
    clientOrigin = await listen(client)
    http = createServer((request, response) => {
      const script = SCRIPTS[request.url ?? '']
      if (script !== undefined) return response.setHeader('Content-Type', 'text/javascript').end(script)
      if (request.method === 'POST') return response.writeHead(303, { Location: clientOrigin }).end()
      const pages = createPages({ name: 'Orchard', views: { signIn: (props) => view(props) } })
      const shown = pages.render('signIn', SAMPLES['sign-in'][1], { formTargets: ['http:'] })
      return void shown.then(({ headers, body }) => response.writeHead(200, headers).end(body))
    })
    origin = await listen(http)
  })

  afterAll(() => {
    http?.close()
    client?.close()
  })

  test('runs scripts and styles with its nonce and what they import, and no others', async () => {
    const injected = "<img src=/x onerror='document.title=1'><script>document.title = 'injected'</script>"
    view = ({ nonce }) => `<!doctype html><title>Own</title><body>${injected}
<style nonce="${nonce}">body { color: rgb(1, 2, 3) }</style><style>body { color: red !important }</style>
<script type="module" nonce="${nonce}" src="/main.js"></script>`
    const { page, problems } = await openCleanPage()
    await page.goto(origin)
    await page.getByText('imported later main').waitFor()
    expect(await page.title()).toBe('Own')
    expect(await page.evaluate('getComputedStyle(document.body).color')).toBe('rgb(1, 2, 3)')
    expect(problems.filter((problem) => problem.includes('Content Security Policy'))).toHaveLength(3)
  })

  test('can post its forms to where they redirect, with a policy that forgets to allow it', async () => {
    const html = '<!doctype html><body><form method="post"><button>Allow</button></form>'
    view = () => ({ html, csp: "default-src 'none'; form-action 'none'" })
    const { page, problems } = await openCleanPage()
    await page.goto(origin)
    await page.getByRole('button', { name: 'Allow' }).click()
    await page.getByText('The client').waitFor()
    expect(problems.filter((problem) => problem.includes('Content Security Policy'))).toEqual([])
  })
})
