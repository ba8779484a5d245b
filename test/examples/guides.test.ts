import { spawn } from 'node:child_process'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { pathToFileURL } from 'node:url'
import { describe, expect, onTestFinished, test } from 'vitest'
import { toNode } from '../../src/adapters/node.ts'
import { blocksOf } from '../house/blocks.ts'
import { ROOT } from '../house/repository.ts'
import { openBrowser } from '../support/browser.ts'
import { listen, startServer, type TestServer } from '../support/server.ts'

const GUIDE = 'docs/guides/mobile-app.md'

/** Writes the block of the guide that contains a text into a folder with the package, and returns its path. */
function paste(part: string, adapt: (code: string) => string): string {
  const blocks = blocksOf({ [GUIDE]: readFileSync(join(ROOT, GUIDE), 'utf8') })
  const found = blocks.filter((block) => block.language === 'ts' && block.text.includes(part))
  expect(found).toHaveLength(1)
  const folder = mkdtempSync(join(tmpdir(), 'consulate-guide-'))
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
  mkdirSync(join(folder, 'node_modules'))
  symlinkSync(ROOT, join(folder, 'node_modules/consulate'))
  writeFileSync(join(folder, 'package.json'), '{ "type": "module" }')
  writeFileSync(join(folder, 'app.ts'), adapt(found[0]?.text ?? ''))
  return join(folder, 'app.ts')
}

/** Starts a server with an API at `/api/orders`. */
async function startWithApi(): Promise<TestServer> {
  const http = createServer()
  const server = await startServer({ issuer: await listen(http) })
  onTestFinished(async () => {
    http.close()
    http.closeAllConnections()
    await server.close()
  })
  const auth = toNode(server.server)
  http.on(
    'request',
    auth.routes(
      auth.user('orders:read')((request, response) => void response.end(`Orders of ${request.auth.user.id}`)),
    ),
  )
  return { ...server, origin: server.issuer }
}

/** Signs a user in and approves the app, in the system browser. Returns where the browser was sent. */
async function approve(server: TestServer, url: string, button = 'Allow') {
  const user = await server.addUser()
  const browser = openBrowser(server)
  const consent = await browser.signIn(await browser.open(url), user)
  const { url: callback } = await browser.press(consent, button)
  return { user, callback: callback.href }
}

describe('the code of the guide to mobile and desktop apps', () => {
  test('signs a user in on a desktop, on any free port', async () => {
    const server = await startWithApi()
    const client = await server.addClient({
      type: 'public',
      name: 'Tool',
      redirectUris: ['http://127.0.0.1/callback'],
    })
    const path = paste('http.address()', (code) =>
      code.replaceAll('http://127.0.0.1:3000', server.issuer).replace('the client ID', client.id),
    )
    const child = spawn(process.execPath, ['--conditions=consulate-source', path], { stdio: 'pipe' })
    onTestFinished(() => void child.kill('SIGKILL'))
    const errors = text(child.stderr)
    const output = child.stdout.setEncoding('utf8')[Symbol.asyncIterator]()
    const first = (await output.next()) as { readonly value?: string }
    const url = /^Open (\S+)\n$/.exec(first.value ?? (await errors))?.[1] ?? ''
    const { user, callback } = await approve(server, url)
    // Other requests of browsers, such as for the icon, are ignored.
    expect((await fetch(new URL('/favicon.ico', callback))).status).toBe(404)
    expect(await (await fetch(callback)).text()).toBe('You can close this window.')
    expect(await output.next()).toMatchObject({ value: `Orders of ${user.id}\n` })
    expect(await errors).toBe('')
  })

  /** Starts the app for React Native with a simulated browser. */
  async function startMobileApp(open: (server: TestServer, url: string) => Promise<string | undefined>) {
    const server = await startWithApi()
    const keychain = new Map<string, string>()
    Object.assign(globalThis, {
      WebBrowser: {
        async openAuthSessionAsync(url: string) {
          const callback = await open(server, url)
          return callback === undefined ? { type: 'cancel' } : { type: 'success', url: callback }
        },
      },
      SecureStore: {
        getItemAsync: async (key: string) => keychain.get(key) ?? null,
        setItemAsync: async (key: string, value: string) => void keychain.set(key, value),
        deleteItemAsync: async (key: string) => void keychain.delete(key),
      },
    })
    const redirectUris = ['com.example.shop:/callback']
    const client = await server.addClient({ type: 'public', name: 'Shop Mobile', redirectUris })
    const path = paste('SecureStore', (code) =>
      code
        .replace('https://id.example.com', server.issuer)
        .replace("'https://api.example.com'", `'${server.issuer}'`)
        .replace('the client ID', client.id),
    )
    const app = (await import(pathToFileURL(path).href)) as {
      readonly auth: { readonly fetch: typeof fetch; signOut(): Promise<void> }
      signIn(): Promise<boolean>
    }
    return { ...app, server, keychain }
  }

  test('signs a user in on a phone, with a custom scheme and tokens in the keychain', async () => {
    const app = await startMobileApp(async (server, url) => (await approve(server, url)).callback)
    expect(await app.signIn()).toBe(true)
    expect(app.keychain.size).toBe(1)
    const response = await app.auth.fetch(`${app.server.issuer}/api/orders`)
    expect(await response.text()).toMatch(/^Orders of /)
    await app.auth.signOut()
    expect([...app.keychain.values()].join()).not.toContain('refresh')
  })

  test('a user on a phone may close the browser or refuse', async () => {
    const closed = await startMobileApp(async () => undefined)
    expect(await closed.signIn()).toBe(false)
    const refused = await startMobileApp(
      async (server, url) => (await approve(server, url, "Don't allow")).callback,
    )
    await expect(refused.signIn()).rejects.toMatchObject({ code: 'access_denied' })
  })
})
