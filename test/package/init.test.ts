import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import { text } from 'node:stream/consumers'
import { expect, onTestFinished, test } from 'vitest'
import { APPS } from '../../src/cli/init/apps.ts'
import {
  FRAMEWORKS,
  USER_SOURCES,
  namesOf,
  type Framework,
  type Language,
  type UserSource,
} from '../../src/cli/init/choices.ts'
import { packagesFor } from '../../src/cli/init/manifest.ts'
import { ROOT } from '../house/repository.ts'
import { openBrowser } from '../support/browser.ts'
import { freePort } from '../support/free-port.ts'
import { isThorough } from '../support/dose.ts'
import { createKnownSecrets } from '../support/known-secrets.ts'
import { hasNext, NEXT } from '../frameworks/next/build.ts'
import { environmentIn, installPacked, packedProject, runIn, writeFiles } from '../support/packed.ts'

/** Each framework with each source of users in CI, otherwise with one; both languages in turn. */
const rows = namesOf(FRAMEWORKS).flatMap((framework, row) =>
  namesOf(USER_SOURCES).map((users, column) => {
    const isTypeScript = APPS[framework].isTypeScriptOnly || (row + column) % 2 === 0
    return { framework, users, language: isTypeScript ? ('typescript' as const) : ('javascript' as const) }
  }),
)

/** Outside CI, three frameworks, each with another source of users. */
const USUAL: Readonly<Partial<Record<Framework, UserSource>>> = {
  node: 'app-session',
  express: 'built-in',
  nest: 'own',
}

const isRun = ({ framework, users }: (typeof rows)[number]): boolean => {
  if (isThorough) return framework !== 'next' || hasNext
  return USUAL[framework] === users
}

const name = 'init writes a $framework app with $users users in $language that runs'

test.each(rows.filter(isRun))(name, async ({ framework, users, language }) => {
  const { packages, tools } = packagesFor(APPS[framework], { language, database: 'sqlite' })
  const cwd = await createProject(framework, [...packages, ...tools])
  const flags = ['--yes', '--framework', framework, '--users', users]
  const all = ['authorization_code', 'refresh_token', 'device_code', 'client_credentials', 'personal_tokens']
  const grants = all.flatMap((grant) => ['--grant', grant])
  const languageFlags = language === 'javascript' ? ['--javascript'] : []
  const created = await runIn(cwd, 'consulate', 'init', ...flags, ...grants, ...languageFlags)
  expect(created).toMatchObject({ code: 0 })

  const doctor = await runIn(cwd, ...scriptOf(cwd, framework, 'doctor'))
  expect(doctor).toMatchObject({ code: 0, output: expect.stringContaining('No problems found.') as string })
  expect(await isFormatted(cwd)).toBe(true)
  // The users to try it with exist during development only.
  const script = framework === 'next' && users !== 'built-in' ? 'dev' : 'start'
  if (framework === 'next' && script === 'start')
    expect(await runIn(cwd, ...scriptOf(cwd, framework, 'build'))).toMatchObject({ code: 0 })
  // Next checks the types when it builds.
  if (language === 'typescript' && framework !== 'next')
    expect(await runIn(cwd, 'tsc', '--noEmit')).toEqual({ code: 0, output: '' })

  const { origin, stop } = await startApp(cwd, scriptOf(cwd, framework, script))
  await checkHome(origin)
  await checkApi(cwd, origin)
  await signIn(cwd, origin, users)
  // Next listens and stops by itself.
  if (framework === 'next') return
  await checkPortInUse(cwd, framework === 'nest' ? 'dist/app.js' : appFile(language), origin)
  await stop()
  expect(existsSync(join(cwd, 'data/consulate.db-wal'))).toBe(false)
})

const appFile = (language: Language): string => (language === 'typescript' ? 'app.ts' : 'app.js')

type Command = readonly [program: string, ...args: string[]]

/** Returns what runs a script: npm, which also finds the program of Next in the folder above, or a shell, which starts faster. */
function scriptOf(cwd: string, framework: Framework, name: string): Command {
  if (framework === 'node' || framework === 'next') return ['npm', 'run', name]
  const { scripts } = JSON.parse(readFileSync(join(cwd, 'package.json'), 'utf8')) as {
    readonly scripts: Readonly<Record<string, string>>
  }
  return ['sh', '-c', scripts[name] ?? `echo ${name} is missing; exit 1`]
}

/** Next is installed apart, and builds only what is below its folder. */
async function createProject(framework: Framework, packages: readonly string[]): Promise<string> {
  const files = { 'package.json': '{ "name": "shop", "type": "commonjs" }\n' }
  if (framework !== 'next') return packedProject(files, packages)
  mkdirSync(join(NEXT, '.tests'), { recursive: true })
  const cwd = mkdtempSync(join(NEXT, '.tests/init-'))
  onTestFinished(() => rmSync(cwd, { recursive: true, force: true }))
  writeFiles(cwd, files)
  await installPacked(cwd, ['typescript', '@types/node'])
  copyLinked(join(cwd, 'node_modules'))
  return cwd
}

/** Replaces links by copies: Next resolves nothing outside its folder. */
function copyLinked(folder: string): void {
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    const path = join(folder, entry.name)
    if (entry.name.startsWith('@') && entry.isDirectory()) copyLinked(path)
    if (!entry.isSymbolicLink() || entry.name === 'typescript') continue
    const source = realpathSync(path)
    rmSync(path)
    cpSync(source, path, { recursive: true })
  }
}

/** Formats a copy, because some folders are ignored, with the rules of this repository. Only npm formats package.json. */
async function isFormatted(cwd: string): Promise<boolean> {
  const copy = mkdtempSync(join(tmpdir(), 'consulate-format-'))
  cpSync(cwd, copy, { recursive: true, filter: (path) => basename(path) !== 'node_modules' })
  const flags = ['-c', join(ROOT, '.oxfmtrc.json'), '--check', '.', '!package.json']
  const { code } = await runIn(copy, join(ROOT, 'node_modules/.bin/oxfmt'), ...flags)
  rmSync(copy, { recursive: true })
  return code === 0
}

/** Starts an app and waits until it says where it listens. */
async function startApp(cwd: string, [program, ...args]: Command): Promise<RunningApp> {
  const port = await freePort()
  const { PATH } = environmentIn(cwd)
  const env = { PATH, PORT: port }
  // A group of its own, because npm and the shell do not pass SIGKILL on.
  const child = spawn(program, args, { cwd, env, detached: true })
  const kill = (signal: NodeJS.Signals): void => {
    if (child.pid !== undefined && child.exitCode === null) process.kill(-child.pid, signal)
  }
  onTestFinished(() => kill('SIGKILL'))
  const origin = await readUntil(child, /Listening on (\S+)/)
  expect(origin).toBe(`http://127.0.0.1:${port}`)
  return {
    origin,
    async stop() {
      const closed = once(child, 'close')
      kill('SIGTERM')
      await closed
    },
  }
}

interface RunningApp {
  readonly origin: string
  /** Sends SIGTERM to the app, and to npm or the shell, and waits until all have exited. */
  stop(): Promise<void>
}

/** Returns the first group of a pattern in the output. Throws if the process ends before. */
async function readUntil(child: ChildProcess, pattern: RegExp): Promise<string> {
  let output = ''
  const ended = once(child, 'close').then(() => Promise.reject(new Error(output)))
  const found = new Promise<string>((resolve) => {
    const read = (chunk: Buffer): void => {
      output += chunk.toString()
      const match = pattern.exec(output)
      if (match) resolve(match[1] ?? '')
    }
    child.stdout?.on('data', read)
    child.stderr?.on('data', read)
  })
  return Promise.race([found, ended])
}

/** The page at `/` has links, and each of them leads somewhere. */
async function checkHome(origin: string): Promise<void> {
  const response = await fetch(origin)
  expect(response.headers.get('content-type')).toContain('text/html')
  const links = [...(await response.text()).matchAll(/href="([^"]+)"/g)].map(([, path = '']) => path)
  expect(links).toContain('/account/tokens')
  for (const path of links) {
    const { status } = await fetch(new URL(path, origin))
    expect([path, status]).toEqual([path, path.startsWith('/api/') ? 401 : 200])
  }
  expect((await fetch(`${origin}/nowhere`)).status).toBe(404)
}

/** A machine gets a token and calls the API. */
async function checkApi(cwd: string, origin: string): Promise<void> {
  const flags = ['--machine', '--name', 'Importer', '--scope', 'orders:read', '--json']
  const created = await runIn(cwd, 'consulate', 'client', 'create', ...flags)
  const client = JSON.parse(created.output) as { client_id: string; client_secret: string }
  const body = new URLSearchParams({ grant_type: 'client_credentials', scope: 'orders:read', ...client })
  const response = await fetch(`${origin}/oauth/token`, { method: 'POST', body })
  const { access_token: token } = (await response.json()) as { access_token: string }
  const answer = await fetch(`${origin}/api/orders`, { headers: { authorization: `Bearer ${token}` } })
  expect(await answer.json()).toEqual({ caller: `client ${client.client_id}`, scopes: ['orders:read'] })
}

/** A second process says that the port is in use, and nothing else. */
async function checkPortInUse(cwd: string, file: string, origin: string): Promise<void> {
  const { port } = new URL(origin)
  const second = spawn(process.execPath, [file], { cwd, env: { ...environmentIn(cwd), PORT: port } })
  const closed = once(second, 'close') as Promise<[number | null]>
  const [printed, [code]] = await Promise.all([text(second.stderr), closed])
  expect([code, printed]).toEqual([1, `Port ${port} on 127.0.0.1 is in use. Choose another port.\n`])
}

/** A user signs in. */
async function signIn(cwd: string, origin: string, users: UserSource): Promise<void> {
  const user = { email: 'ada@example.com', password: 'correct horse' }
  if (users === 'built-in') {
    const flags = ['--email', user.email, '--password', user.password]
    expect(await runIn(cwd, 'consulate', 'user', 'create', ...flags)).toMatchObject({ code: 0 })
  }
  const browser = openBrowser({ origin, knownSecrets: createKnownSecrets() })
  const signIn = await browser.open('/account/devices')
  if (users === 'app-session') {
    expect(signIn.url.pathname).toBe('/sign-in')
    expect((await browser.press(signIn, 'Sign in', { email: user.email, password: 'x' })).status).toBe(401)
    await browser.press(signIn, 'Sign in', user)
  } else await browser.signIn(signIn, user)
  const page = await browser.open('/account/devices')
  expect(page.text).toContain('Firefox on Linux')
}
