import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { homedir, tmpdir } from 'node:os'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { expect, onTestFinished, test } from 'vitest'
import { blocksOf, fileNameOf, type Block } from '../house/blocks.ts'
import { ROOT } from '../house/repository.ts'
import { openBrowser } from '../support/browser.ts'
import { freePort } from '../support/free-port.ts'
import { isThorough } from '../support/dose.ts'
import { createKnownSecrets } from '../support/known-secrets.ts'
import { environmentIn, installPacked, packTarball, runIn } from '../support/packed.ts'

type Language = 'TypeScript' | 'JavaScript'

/** What is left to do when all blocks were pasted. */
const ENDINGS: Readonly<Record<(typeof rows)[number]['page'], (newcomer: Newcomer) => Promise<void>>> = {
  'README.md': async () => {},
  'docs/start.md': signInToNotebook,
}

/** The README has the beginning of the other page, so one language is enough there. Outside CI, one is enough for each. */
const rows = [
  { page: 'README.md', language: 'JavaScript' },
  { page: 'docs/start.md', language: 'TypeScript' },
  { page: 'docs/start.md', language: 'JavaScript' },
] as const

test.each(isThorough ? rows : rows.slice(0, 2))(
  'the blocks of $page work as pasted into an empty folder, in $language',
  async (row) => {
    const newcomer = await startWith(row.language)
    await pasteAll(newcomer, row)
  },
)

test.runIf(isThorough)('the blocks of README.md work with the dependencies that npm downloads', async () => {
  const newcomer = { ...(await startWith('TypeScript')), usesRegistry: true }
  await pasteAll(newcomer, rows[0])
  // Without the packages of this repository, the types of every dependency resolve too.
  expect(await runIn(newcomer.cwd, 'tsc', '--skipLibCheck', 'false')).toEqual({ code: 0, output: '' })
})

async function pasteAll(newcomer: Newcomer, row: Pick<(typeof rows)[number], 'page'>): Promise<void> {
  for (const block of pastedBlocks(row.page)) await paste(newcomer, block)
  if (newcomer.language === 'TypeScript')
    expect(await runIn(newcomer.cwd, 'tsc')).toEqual({ code: 0, output: '' })
  await ENDINGS[row.page](newcomer)
}

/** Someone who pastes one block after the other, and copies what the commands print. */
interface Newcomer {
  readonly language: Language
  /** The folder that the page calls `my-app`. */
  readonly cwd: string
  /** The ports that stand for 3000 and 4000. */
  readonly ports: readonly [server: string, app: string]
  /** `$ID`, `$SECRET` and `$TOKEN`. */
  readonly copied: Record<string, string>
  /** Whether npm downloads the dependencies. Default: they are linked from this repository. */
  readonly usesRegistry?: boolean
}

async function startWith(language: Language): Promise<Newcomer> {
  const cwd = mkdtempSync(join(tmpdir(), 'consulate-paste-'))
  onTestFinished(() => rmSync(cwd, { recursive: true, force: true }))
  return { language, cwd, ports: [await freePort(), await freePort()], copied: {} }
}

/** Returns the blocks of a page that tell a newcomer to do something: shell commands, and files with a name. */
function pastedBlocks(page: string): readonly Block[] {
  const all = readFileSync(join(ROOT, page), 'utf8')
  const section = page === 'README.md' ? all.slice(all.indexOf('## Five minutes')) : all
  const blocks = blocksOf({ [page]: section.split('\nManage everything')[0] ?? '' })
  return blocks.filter((block) => block.language === 'sh' || fileNameOf(block.text) !== undefined)
}

async function paste(newcomer: Newcomer, block: Block): Promise<void> {
  if (block.language === 'ts') {
    pasteFile(newcomer, block)
    return
  }
  const [commands, expected] = splitAnswers(block.text)
  for (const command of commands) {
    const output = await runCommand(newcomer, adapt(newcomer, command))
    copyFrom(newcomer, output)
    for (const answer of expected) expect(output.trim()).toMatch(wildcard(answer))
  }
}

/** Writes a file, or compares it with the one that `init` has written. */
function pasteFile(newcomer: Newcomer, block: Block): void {
  const path = join(newcomer.cwd, adapt(newcomer, fileNameOf(block.text) ?? ''))
  const code = `${block.text.slice(block.text.indexOf('\n') + 1)}\n`
  if (existsSync(path)) expect(readFileSync(path, 'utf8')).toBe(inLanguage(newcomer, code))
  else writeFileSync(path, adapt(newcomer, code))
}

/** Splits a block into its commands, without comments, and the answers that it promises. */
function splitAnswers(block: string): readonly [commands: readonly string[], answers: readonly string[]] {
  const lines = block.split('\n')
  const answers = lines.filter((line) => line.startsWith('# ')).map((line) => line.slice(2))
  const commands = lines.filter((line) => !line.startsWith('#'))
  return [commands.map((line) => line.replace(/\s+# .*/, '')), answers]
}

/** Turns an answer in which `…` stands for anything into a pattern. */
const wildcard = (answer: string): RegExp =>
  new RegExp(`^${answer.split('…').map(RegExp.escape).join('.+')}$`)

const inLanguage = ({ language }: Newcomer, block: string): string =>
  language === 'TypeScript' ? block : block.replaceAll(/\b([\w.]+)\.ts\b/g, '$1.js')

/** Writes the language and the ports of the test into a text of the page. */
const adapt = (newcomer: Newcomer, block: string): string =>
  inLanguage(newcomer, block)
    .replace('init --yes', newcomer.language === 'TypeScript' ? 'init --yes' : 'init --yes --javascript')
    .replaceAll(/(127\.0\.0\.1:|listen\()3000/g, `$1${newcomer.ports[0]}`)
    .replaceAll(/(127\.0\.0\.1:|listen\()4000/g, `$1${newcomer.ports[1]}`)

async function runCommand(newcomer: Newcomer, command: string): Promise<string> {
  if (command.startsWith('mkdir my-app')) return runShell(newcomer, 'npm init -y')
  if (command.startsWith('npm install')) return install(newcomer, command)
  if (command === 'npm run dev' || command.includes(' node ')) return startServer(newcomer, command)
  return runShell(newcomer, command)
}

/** Runs npm. Without the registry, links what it would download, and checks that nothing is missing. */
async function install(newcomer: Newcomer, command: string): Promise<string> {
  const { cwd, usesRegistry = false } = newcomer
  const isPackage = command.startsWith('npm install ../consulate/')
  if (usesRegistry) return runShell(newcomer, isPackage ? `npm install ${await packTarball()}` : command)
  if (!isPackage) return checkInstalled(cwd)
  await installPacked(cwd, ['typescript', '@types/node'])
  return ''
}

/** Everything that package.json lists is there. */
function checkInstalled(cwd: string): string {
  const { devDependencies } = JSON.parse(readFileSync(join(cwd, 'package.json'), 'utf8')) as {
    readonly devDependencies?: Readonly<Record<string, string>>
  }
  const missing = Object.keys(devDependencies ?? {}).filter(
    (name) => !existsSync(join(cwd, 'node_modules', name)),
  )
  expect(missing).toEqual([])
  return ''
}

async function runShell(newcomer: Newcomer, command: string): Promise<string> {
  const child = spawn('sh', ['-c', command], { cwd: newcomer.cwd, env: environmentOf(newcomer) })
  const [output, errors, [code]] = await Promise.all([
    text(child.stdout),
    text(child.stderr),
    once(child, 'close') as Promise<[number]>,
  ])
  if (code !== 0) throw new Error(`${command}: ${output}${errors}`)
  return output
}

/** Starts a server, which says where it listens. */
async function startServer(newcomer: Newcomer, command: string): Promise<string> {
  const env = environmentOf(newcomer)
  // A group of its own, because npm and the shell do not pass SIGKILL on.
  const child = spawn('sh', ['-c', command], { cwd: newcomer.cwd, env, detached: true })
  onTestFinished(() => void (child.pid !== undefined && process.kill(-child.pid, 'SIGKILL')))
  let output = ''
  for await (const chunk of child.stdout) {
    output += String(chunk)
    if (/(Listening on|Open) http/.test(output)) return output
  }
  throw new Error(`${command}: ${output}${await text(child.stderr)}`)
}

const environmentOf = ({ cwd, ports, copied, usesRegistry }: Newcomer): Readonly<Record<string, string>> => ({
  ...environmentIn(cwd),
  ...(usesRegistry && { HOME: homedir(), ...network }),
  PORT: ports[0],
  // Typed on a terminal.
  CONSULATE_PASSWORD: PASSWORD,
  ...copied,
})

/** What npm needs to reach the registry. Other variables of npm are about the project that runs the tests. */
const network = Object.fromEntries(
  Object.entries(process.env).filter(([name]) =>
    /^(npm_config_(registry|cafile)|(npm_config_)?(https?_?|no_?)proxy|node_extra_ca_certs)$/i.test(name),
  ),
) as Readonly<Record<string, string>>

const PASSWORD = 'correct horse'

/** Keeps what a page says to copy. */
function copyFrom({ copied }: Newcomer, output: string): void {
  const patterns = {
    ID: /Client ID +(\S+)/,
    SECRET: /Client secret +(\S+)/,
    TOKEN: /"access_token":"([^"]+)"/,
  }
  for (const [name, pattern] of Object.entries(patterns)) {
    const value = pattern.exec(output)?.[1]
    if (value !== undefined) copied[name] = value
  }
}

/** Opens the notebook, signs in, allows access and sees the answer of the API. */
async function signInToNotebook({ ports: [server, app] }: Newcomer): Promise<void> {
  const origin = `http://127.0.0.1:${server}`
  const browser = openBrowser({ origin, knownSecrets: createKnownSecrets() })
  const start = await fetch(`http://127.0.0.1:${app}`, { redirect: 'manual' })
  const signIn = await browser.open(start.headers.get('location') ?? '')
  const consent = await browser.signIn(signIn, { email: 'ada@example.com', password: PASSWORD })
  const callback = await browser.press(consent, 'Allow')
  expect(callback.url.origin).toBe(`http://127.0.0.1:${app}`)
  const answer = await fetch(callback.url)
  expect(await answer.json()).toEqual({
    caller: expect.stringMatching(/^user /) as string,
    scopes: ['orders:read'],
  })
}
