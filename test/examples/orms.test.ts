import { spawn, type ChildProcess } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, onTestFinished, test } from 'vitest'
import { ROOT } from '../house/repository.ts'
import { isThorough } from '../support/dose.ts'
import { freePort } from '../support/free-port.ts'
import { hasPackagesOf, packedProject, runIn } from '../support/packed.ts'
import { openBrowser } from './browser.ts'
import { run, settingsIn } from './program.ts'

const ORMS = [
  {
    name: 'prisma',
    packages: ['@prisma/adapter-libsql', '@prisma/client', 'prisma'],
    files: ['app.ts', 'users.ts', 'package.json', 'schema.prisma'],
    id: '9007199254740993',
  },
  {
    name: 'drizzle',
    packages: ['@libsql/client', 'drizzle-orm'],
    files: ['app.ts', 'users.ts', 'package.json'],
    id: '[0-9a-f-]{36}',
  },
]

const OPTIONS = {
  module: 'nodenext',
  target: 'esnext',
  strict: true,
  noEmit: true,
  skipLibCheck: true,
  allowImportingTsExtensions: true,
}

describe.each(ORMS)('the example with $name', ({ name, packages, files, id }) => {
  const isInstalled = isThorough && hasPackagesOf(`examples/${name}`)

  test.runIf(isInstalled)('signs in a user of the ORM, and changes their password', async () => {
    const cwd = await project(name, files, packages)
    if (name === 'prisma') expect(await generate(cwd)).toMatchObject({ code: 0 })
    expect(await runIn(cwd, 'tsc')).toEqual({ code: 0, output: '' })

    const [PORT, home] = [await freePort(), await freePort()]
    const REDIRECT_URI = `http://127.0.0.1:${home}/callback`
    const line = await start(cwd, { PORT, REDIRECT_URI })
    expect(await (await fetch(`http://127.0.0.1:${PORT}/`)).text()).toContain('Your account')
    const app = run('web-app-client.ts', { ...settingsIn(line), PORT: home })
    onTestFinished(app.stop)
    await app.printed('Open')

    const browser = openBrowser()
    const signIn = await browser.open(`http://127.0.0.1:${home}`)
    const refused = await browser.submit(signIn, 'Sign in', {
      username: 'ada@example.com',
      password: 'wrong',
    })
    expect(refused.status).toBe(403)
    const credentials = { username: ' Ada@Example.com', password: 'correct horse' }
    const consent = await browser.submit(refused, 'Sign in', credentials)
    const end = await browser.submit(consent, 'Allow')
    expect(end.text).toMatch(new RegExp(`^You are ada@example.com, number ${id}\n$`))

    const account = await browser.open(`http://127.0.0.1:${PORT}/account/password`)
    const change = { current_password: 'correct horse', new_password: 'battery staple' }
    expect((await browser.submit(account, 'Change password', change)).status).toBe(200)
    const other = openBrowser()
    const again = await other.open(`http://127.0.0.1:${PORT}/login`)
    const signedIn = { username: 'ada@example.com', password: change.new_password }
    expect((await other.submit(again, 'Sign in', signedIn)).status).toBe(200)
  })
})

function project(name: string, files: readonly string[], packages: readonly string[]): Promise<string> {
  const texts = files.map((file) => [file, readFileSync(join(ROOT, 'examples', name, file), 'utf8')])
  const config = { 'tsconfig.json': JSON.stringify({ compilerOptions: OPTIONS, include: ['*.ts'] }) }
  return packedProject({ ...Object.fromEntries(texts), ...config } as Record<string, string>, [
    'typescript',
    '@types/node',
    ...packages,
  ])
}

/** Only migrations need Prisma's engine. Without this path, Prisma downloads it, which fails without a network. */
const generate = (cwd: string) =>
  runIn(cwd, 'env', `PRISMA_SCHEMA_ENGINE_BINARY=${process.execPath}`, 'npm', 'run', 'generate')

/** Starts the app, and returns the line with its settings. */
async function start(cwd: string, env: Readonly<Record<string, string>>): Promise<string> {
  const child = spawn(process.execPath, ['app.ts'], { cwd, env: { ...process.env, ...env } })
  onTestFinished(() => void child.kill('SIGKILL'))
  return output(child)
}

async function output(child: ChildProcess): Promise<string> {
  let text = ''
  for (const stream of [child.stdout, child.stderr]) {
    for await (const chunk of stream ?? []) {
      text += String(chunk)
      if (text.includes('web-app-client.ts')) return text
    }
  }
  throw new Error(text)
}
