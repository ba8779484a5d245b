import { spawn, type ChildProcess } from 'node:child_process'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, describe, expect, test } from 'vitest'
import { ROOT } from '../house/repository.ts'
import { chromium, openCleanPage, signIn, waitForHeading } from '../support/chromium.ts'
import { isThorough } from '../support/dose.ts'
import { freePort } from '../support/free-port.ts'
import { hasPackagesOf, packedProject, runIn } from '../support/packed.ts'
import { run, settingsIn } from './program.ts'

const ADA = { email: 'ada@example.com', password: 'correct horse' }

/** What each test has started. */
const stops: (() => unknown)[] = []
afterEach(async () => void (await Promise.all(splice().map((stop) => stop()))))
const splice = (): (() => unknown)[] => stops.splice(0)

/** Starts the client of an app, by the line with its settings. */
async function startClient(line: string, port: string): Promise<void> {
  const client = run('web-app-client.ts', { ...settingsIn(line), PORT: port })
  stops.push(client.stop)
  await client.printed('Open')
}

const redirectUriAt = (port: string): string => `http://127.0.0.1:${port}/callback`

const EXAMPLES = [
  { name: 'react-pages', packages: ['react', 'react-dom', 'vite', '@types/react', '@types/react-dom'] },
  { name: 'vue-pages', packages: ['vue', 'vite', '@vitejs/plugin-vue'] },
]

describe.each(EXAMPLES)('the example $name', ({ name, packages }) => {
  const isInstalled = isThorough && hasPackagesOf(`examples/${name}`)

  test.runIf(isInstalled && chromium)(
    'renders the sign-in and consent pages on the server, and makes them interactive under its own policy',
    async () => {
      const cwd = await project(name, packages)
      expect(await runIn(cwd, 'tsc')).toEqual({ code: 0, output: '' })
      expect(await runIn(cwd, 'npm', 'run', 'build')).toMatchObject({ code: 0 })
      const [PORT, home] = [await freePort(), await freePort()]
      await startClient(await start(cwd, { PORT, REDIRECT_URI: redirectUriAt(home) }), home)
      const html = await (await fetch(`http://127.0.0.1:${PORT}/login`)).text()
      expect(html).toMatch(/<h1>\s*Sign in.*<input type="hidden" name="csrf"/s)

      const { page, problems } = await openCleanPage()
      await page.goto(`http://127.0.0.1:${home}`)
      await page.getByRole('button', { name: 'Show password' }).click()
      await page.getByRole('button', { name: 'Hide password' }).waitFor()
      await signIn(page, { ...ADA, password: 'wrong' })
      await page.getByRole('alert').waitFor()
      await signIn(page, ADA)
      await waitForHeading(page, 'Allow Notebook?')
      expect(await page.getByRole('listitem').allTextContents()).toEqual(['See your name'])
      await page.getByRole('button', { name: 'Allow', exact: true }).click()
      await page.getByText('You are user 7').waitFor()
      expect(problems).toEqual([])
    },
  )
})

test.runIf(chromium)('app-page: the app draws the consent page with a script of its own', async () => {
  const [PORT, home] = [await freePort(), await freePort()]
  const app = run('app-page/server.ts', { PORT, REDIRECT_URI: redirectUriAt(home) })
  stops.push(app.stop)
  await startClient(await app.printed('web-app-client.ts'), home)
  const { page, problems } = await openCleanPage()
  await page.goto(`http://127.0.0.1:${home}`)
  await signIn(page, ADA)
  await waitForHeading(page, `Connect Notebook at 127.0.0.1:${home}?`)
  expect(new URL(page.url()).pathname).toBe('/connect')
  await page.reload()
  await page.getByRole('button', { name: 'Allow' }).click()
  await page.getByText('You are Ada').waitFor()
  expect(problems).toEqual([])
})

function project(name: string, packages: readonly string[]): Promise<string> {
  const folder = join(ROOT, 'examples', name)
  const files = readdirSync(folder, { withFileTypes: true }).filter((entry) => entry.isFile())
  const texts = files.map(({ name: file }) => [file, readFileSync(join(folder, file), 'utf8')] as const)
  return packedProject(Object.fromEntries(texts), ['typescript', '@types/node', ...packages])
}

/** Starts the app, and returns the line with its settings. */
function start(cwd: string, env: Readonly<Record<string, string>>): Promise<string> {
  const child = spawn(process.execPath, ['dist/server/app.js'], { cwd, env: { ...process.env, ...env } })
  stops.push(() => child.kill('SIGKILL'))
  return printed(child)
}

async function printed(child: ChildProcess): Promise<string> {
  let text = ''
  for (const stream of [child.stdout, child.stderr]) {
    for await (const chunk of stream ?? []) {
      text += String(chunk)
      if (text.includes('web-app-client.ts')) return text
    }
  }
  throw new Error(text)
}
