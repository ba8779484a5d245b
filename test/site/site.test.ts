import { execFile } from 'node:child_process'
import { once } from 'node:events'
import { readFile } from 'node:fs/promises'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { promisify } from 'node:util'
import type { Page } from 'playwright-core'
import { afterAll, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest'
import { filesBelow, matching, ROOT } from '../house/repository.ts'
import { chromium, openBrowser } from '../support/chromium.ts'
import { isThorough } from '../support/dose.ts'
import { hasPackagesOf } from '../support/packed.ts'
import { pageOf } from '../../site/pages.ts'

const DIST = join(ROOT, 'site/dist')
/** In ms. On an idle machine, a build takes half a minute. */
const BUILD_TIMEOUT = 600_000

const isInstalled = isThorough && hasPackagesOf('site')
const documents = matching(filesBelow(), /^(README|docs\/.*)\.md$/)

/** Pages that have diagrams, with their number. */
const diagrams = Object.entries(documents)
  .map(([path, text]) => ({ path: address(path), count: text.match(/^ *```mermaid$/gm)?.length ?? 0 }))
  .filter(({ count }) => count > 0)

describe.runIf(isInstalled && chromium)('the website', () => {
  let server: Server
  let page: Page
  let origin: string
  const problems: string[] = []

  beforeAll(async () => {
    await promisify(execFile)('npm', ['run', 'build', '--prefix', 'site'], { cwd: ROOT })
    server = createServer((request, response) => {
      const { pathname } = new URL(request.url ?? '/', 'http://localhost')
      // As on a real host: the names of assets have a hash.
      if (pathname.startsWith('/assets/')) response.setHeader('Cache-Control', 'max-age=31536000, immutable')
      void fileOf(pathname).then(({ type, body }) =>
        response.writeHead(body ? 200 : 404, { 'Content-Type': type }).end(body),
      )
    }).listen(0, '127.0.0.1')
    await once(server, 'listening')
    origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
    page = await (await openBrowser()).newPage()
    page.on('console', (message) => message.type() === 'error' && problems.push(message.text()))
    page.on('pageerror', ({ message }) => problems.push(message))
  }, BUILD_TIMEOUT)

  beforeEach(() => void (problems.length = 0))

  afterAll(async () => {
    await page?.context().close()
    server?.close()
  })

  test.each(diagrams)('draws every diagram of $path', async ({ path, count }) => {
    await page.goto(origin + path)
    await page
      .locator('.diagram svg')
      .nth(count - 1)
      .waitFor()
    expect(await page.locator('.diagram svg').count()).toBe(count)
    expect(await page.locator('.diagram', { hasText: 'Syntax error' }).count()).toBe(0)
    expect(problems).toEqual([])
  })

  test('finds a page by words in its text', async () => {
    await page.goto(origin)
    const input = page.locator('#localsearch-input')
    // The page ignores keys until its scripts have run.
    await vi.waitFor(
      async () => {
        await page.keyboard.press('Control+k')
        await input.waitFor({ timeout: 1_000 })
      },
      { timeout: 60_000 },
    )
    await input.fill('slow_down')
    await page.locator('.result[href*="/guides/device-flow"]').first().click()
    await page.waitForURL('**/guides/device-flow**')
    expect(problems).toEqual([])
  })

  test('lists every page for language models, as Markdown', async () => {
    const list = await readFile(join(DIST, 'llms.txt'), 'utf8')
    const missing = Object.keys(documents).filter((path) => !list.includes(`${address(path)}.md`))
    expect(missing).toEqual(['README.md', 'docs/decisions/README.md'])
  })
})

function address(path: string): string {
  return `/${pageOf(path)?.replace(/(?:index)?\.md$/, '') ?? ''}`
}

const TYPES: Readonly<Record<string, string>> = { js: 'text/javascript', css: 'text/css', html: 'text/html' }

async function fileOf(path: string): Promise<{ readonly type: string; readonly body: Buffer | undefined }> {
  const name = path.endsWith('/') ? `${path}index.html` : path
  const file = /\.\w+$/.test(name) ? name : `${name}.html`
  const type = TYPES[file.slice(file.lastIndexOf('.') + 1)] ?? 'application/octet-stream'
  return { type, body: await readFile(join(DIST, file)).catch(() => undefined) }
}
