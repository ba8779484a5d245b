import { spawn } from 'node:child_process'
import { readdirSync, readFileSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { describe, expect, onTestFinished, test } from 'vitest'
import { ROOT } from '../house/repository.ts'
import { DATABASES } from '../support/databases.ts'
import { sampleOf } from '../support/dose.ts'
import { freePort } from '../support/free-port.ts'
import { hasTerminal, onTerminal } from './on-terminal.ts'
import {
  binFile,
  consulate,
  emptyDirectory,
  linkPackage,
  run,
  shell,
  variables,
  type Outcome,
} from './run.ts'

/** What `npm init -y` writes. */
const MANIFEST = `${JSON.stringify({ name: 'shop', scripts: { test: 'echo "Error: no test specified" && exit 1' }, type: 'commonjs' }, null, 2)}\n`

/** Creates a directory in which the package is installed. */
async function project(
  files: Readonly<Record<string, string>> = { 'package.json': MANIFEST },
): Promise<string> {
  const cwd = emptyDirectory()
  await linkPackage(cwd)
  for (const [name, text] of Object.entries(files)) writeFileSync(join(cwd, name), text)
  return cwd
}

const init = (cwd: string, ...flags: readonly string[]): Promise<Outcome> =>
  consulate(cwd, ['init', ...flags])

const read = (cwd: string, name: string): string => readFileSync(join(cwd, name), 'utf8')

/** Returns the files of a directory, without those of npm. */
const namesIn = (cwd: string): readonly string[] => readdirSync(cwd).filter((name) => name !== 'node_modules')

const WRITTEN = [
  '.gitignore',
  'app.ts',
  'consulate.config.ts',
  'data',
  'home.ts',
  'package.json',
  'tsconfig.json',
]

describe('consulate init', () => {
  test('writes a project with keys and tables, and says what to run next', async () => {
    const cwd = await project()
    const { code, stdout, stderr } = await init(cwd, '--yes')
    expect([code, stderr]).toEqual([0, ''])
    expect(namesIn(cwd)).toEqual(WRITTEN)
    expect(stdout).toContain('Updated package.json\n')
    expect(stdout).toContain('Created consulate.config.ts\n')
    for (const text of ['Created keys', 'npm install', 'npm run dev', 'npm run doctor', 'client create'])
      expect(stdout).toContain(text)
    expect(JSON.parse(read(cwd, 'package.json'))).toMatchObject({
      name: 'shop',
      type: 'module',
      scripts: { dev: 'node --watch app.ts', start: 'node app.ts', doctor: 'consulate doctor' },
      devDependencies: { typescript: expect.stringMatching(/^\^\d/) as string },
    })
    expect(read(cwd, '.gitignore')).toBe('node_modules/\ndata/\n')
  })

  test('follows the flags', async () => {
    const cwd = await project()
    const flags = ['--yes', '--json', '--javascript', '--users', 'own', '--grant', 'authorization_code']
    const { stdout } = await init(cwd, ...flags, '--grant', 'personal_tokens', '--scope', "a=It's = yours")
    expect(JSON.parse(stdout)).toMatchObject({
      language: 'javascript',
      users: 'own',
      grants: ['authorization_code', 'personal_tokens'],
      scopes: { a: "It's = yours" },
      keys: 'created',
    })
    const config = read(cwd, 'consulate.config.js')
    for (const text of [`a: "It's = yours"`, 'authorizationCode()', 'personalTokens: {}', './users.js'])
      expect(config).toContain(text)
    expect(config).not.toContain('refreshToken')
    expect(namesIn(cwd)).not.toContain('tsconfig.json')
  })

  test.each([
    [
      '--users own',
      'Sign in as ada@example.com with the password "correct horse", until you change users.ts.',
    ],
    ['--users app-session', 'Sign in as ada@example.com'],
    ['--framework nest', 'npx tsc --watch'],
  ])('says how to try a project with %s', async (flags, text) => {
    const { stdout } = await init(await project(), '--yes', ...flags.split(' '))
    expect(stdout.replaceAll('\n', ' ')).toContain(text)
  })

  test('adds to files that exist and keeps what they have', async () => {
    const manifest = {
      scripts: { start: 'node server.js' },
      type: 'module',
      devDependencies: { typescript: '6' },
    }
    const cwd = await project({
      'package.json': JSON.stringify(manifest, null, '\t'),
      '.gitignore': '*.log\n/data',
      'tsconfig.json': '{}',
    })
    const { stdout } = await init(cwd, '--yes')
    expect(read(cwd, '.gitignore')).toBe('*.log\n/data\nnode_modules/\n')
    expect(read(cwd, 'tsconfig.json')).toBe('{}')
    expect(stdout).toContain('tsconfig.json was kept')
    expect(read(cwd, 'package.json')).toContain('\n\t"scripts": {\n\t\t"start": "node server.js"')
    expect(JSON.parse(read(cwd, 'package.json'))).toMatchObject({
      ...manifest,
      scripts: { dev: 'node --watch app.ts' },
    })
  })

  test.each([
    [{ express: '^5.0.0' }, 'express'],
    [{ '@nestjs/core': '^12.0.0', express: '^5.0.0' }, 'nest'],
    [{ react: '^19.0.0' }, 'node'],
  ])('takes the framework from the dependencies %j', async (dependencies, framework) => {
    const cwd = await project({ 'package.json': JSON.stringify({ type: 'module', dependencies }) })
    const { stdout } = await init(cwd, '--yes', '--json')
    expect(JSON.parse(stdout)).toMatchObject({ framework })
  })

  test('does not change the type of a package that has code', async () => {
    const cwd = await project({ 'package.json': MANIFEST, 'server.js': 'module.exports = 1' })
    expect((await init(cwd, '--yes')).code).toBe(0)
    expect(read(cwd, 'package.json')).toContain('"type": "commonjs"')
    expect(namesIn(cwd)).toContain('consulate.config.mts')
    expect(read(cwd, 'app.mts')).toContain("from './consulate.config.mts'")
    expect((await consulate(cwd, ['doctor'])).code).toBe(0)
  })

  test('refuses to replace files, names them and writes nothing', async () => {
    const cwd = await project({
      'package.json': '{"type":"module"}',
      'app.ts': 'mine',
      'home.ts': 'mine too',
    })
    const refused = await init(cwd, '--yes')
    expect([refused.code, refused.stdout]).toEqual([1, ''])
    expect(refused.stderr).toContain('  app.ts\n  home.ts\n')
    expect(namesIn(cwd)).toEqual(['app.ts', 'home.ts', 'package.json'])
    expect(read(cwd, 'package.json')).toBe('{"type":"module"}')
  })

  test('replaces files with --force, and says so', async () => {
    const cwd = await project({ 'package.json': '{"type":"module"}', 'app.ts': 'mine' })
    const { code, stdout } = await init(cwd, '--yes', '--force')
    expect([code, stdout]).toEqual([0, expect.stringContaining('Replaced app.ts\n')])
    expect(read(cwd, 'app.ts')).toContain('createAuthorizationServer')
  })

  test('continues after a run that was killed, and changes nothing when repeated', async () => {
    const cwd = await project()
    await init(cwd, '--yes')
    // The state of a process that was killed between two renames.
    for (const name of ['app.ts', 'home.ts', 'data']) rmSync(join(cwd, name), { recursive: true })
    writeFileSync(join(cwd, '.consulate-init-1.tmp'), 'import')
    const { code, stdout } = await init(cwd, '--yes')
    expect(code).toBe(0)
    expect(stdout.match(/^(Created|Updated|Replaced) .*/gm)).toEqual([
      'Created app.ts',
      'Created home.ts',
      'Created keys in data/secrets.',
    ])
    expect(namesIn(cwd)).toEqual(WRITTEN)
    const again = await init(cwd, '--yes', '--json')
    expect(JSON.parse(again.stdout)).toMatchObject({ written: [], keys: 'kept', migrations: [] })
  })

  test('a full disk leaves the directory as it was', async () => {
    const cwd = await project()
    const { code, stderr } = await shell(
      cwd,
      `trap '' XFSZ; ulimit -f 1; exec "${process.execPath}" "${await binFile()}" init --yes`,
    )
    expect([code, stderr]).toEqual([1, expect.stringMatching(/^EFBIG/)])
    expect(namesIn(cwd)).toEqual(['package.json'])
    expect(read(cwd, 'package.json')).toBe(MANIFEST)
  })
})

const EXAMPLE = 'postgres://user:password@localhost:5432/database'

describe('consulate init --database', () => {
  test.each([
    ['postgres', 'postgres', 'pg', EXAMPLE],
    ['mariadb', 'mysql', 'mysql2', 'mysql://user:password@localhost:3306/database'],
    ["postgres://shop:a'$b%40@db/app", 'postgres', 'pg', 'postgres://shop:a%27%24b%40@db/app'],
  ])(
    '%s: the configuration, the driver, and the URL in a file of its owner',
    async (flag, kind, driver, url) => {
      const cwd = await project({ 'package.json': MANIFEST, '.env': 'TOKEN=a' })
      const { code, stdout } = await init(cwd, '--yes', '--database', flag)
      expect(code).toBe(0)
      expect(read(cwd, 'consulate.config.ts')).toContain(`store: ${kind}(process.env.DATABASE_URL ?? ''),`)
      expect(JSON.parse(read(cwd, 'package.json'))).toMatchObject({
        dependencies: { [driver]: expect.stringMatching(/^\^\d/) as string },
      })
      expect(read(cwd, '.env')).toBe(`TOKEN=a\nDATABASE_URL=${url}\n`)
      expect((statSync(join(cwd, '.env')).mode & 0o777).toString(8)).toBe('600')
      expect(read(cwd, '.gitignore')).toBe('node_modules/\ndata/\n.env\n')
      expect(stdout).toContain('The app creates its tables when it starts.')
      expect(stdout.includes('edit .env')).toBe(!flag.includes('://'))
      const again = await init(cwd, '--yes', '--json', '--database', flag)
      expect(JSON.parse(again.stdout)).toMatchObject({ database: kind, written: [], keys: 'kept' })
      expect(again.stdout).not.toContain('shop')
    },
  )

  test.each(DATABASES.filter(({ isAvailable, name }) => isAvailable && name !== 'SQLite'))(
    'with the URL of $name: the app runs on it',
    async ({ openEmpty }) => {
      const database = await openEmpty()
      onTestFinished(() => database.drop())
      const cwd = await project()
      expect(await init(cwd, '--yes', '--database', database.url)).toMatchObject({ code: 0 })
      // The app imports more than the bundle has.
      rmSync(join(cwd, 'node_modules/consulate'))
      symlinkSync(ROOT, join(cwd, 'node_modules/consulate'))
      const env = variables({ NODE_OPTIONS: '--conditions=consulate-source', PORT: await freePort() })
      const app = spawn(process.execPath, ['app.ts'], { cwd, env })
      onTestFinished(() => void app.kill('SIGKILL'))
      let printed = ''
      for await (const line of createInterface(app.stdout)) {
        printed = line
        break
      }
      expect(printed).toBe(`Listening on http://127.0.0.1:${env['PORT']}`)
      const doctor = await run(join(ROOT, 'bin/consulate.js'), cwd, ['doctor'], { env })
      expect(doctor.stdout).toContain('the database is up to date')
    },
  )
})

describe('consulate init refuses', () => {
  const cases: Readonly<
    Record<string, { files?: Record<string, string>; args: string[]; code: number; error: RegExp }>
  > = {
    'to ask without a terminal': { args: [], code: 2, error: /Add --yes/ },
    'an unknown grant': { args: ['--yes', '--grant', 'x'], code: 2, error: /authorization_code/ },
    'an unknown framework': { args: ['--yes', '--framework', 'x'], code: 2, error: /node/ },
    'JavaScript for a framework that is compiled': {
      args: ['--yes', '--framework', 'nest', '--javascript'],
      code: 2,
      error: /Nest needs TypeScript/,
    },
    'the sign-in API without passwords to check': {
      args: ['--yes', '--users', 'app-session', '--grant', 'sign_in'],
      code: 2,
      error: /--grant sign_in: needs users whose passwords/,
    },
    'a scope without a description': { args: ['--yes', '--scope', 'a'], code: 2, error: /orders:read=See/ },
    'a scope that cannot be defined': { args: ['--yes', '--scope', '*=All'], code: 2, error: /every scope/ },
    'an unknown database': {
      args: ['--yes', '--database', 'oracle://shop:secret-pw@db/app'],
      code: 2,
      error: /^--database must be sqlite, postgres, mysql or mariadb, or a URL such as (?!.*secret-pw)/,
    },
    'the URL of a database that cannot be parsed': {
      args: ['--yes', '--database', 'postgres://shop:secret-pw/#@db/app'],
      code: 2,
      error: /^--database must be a URL such as .*percent-encoded\.\n(?!.*secret-pw)/,
    },
    'another URL of a database than that in .env': {
      files: { 'package.json': '{}', '.env': 'DATABASE_URL=postgres://shop:a@db/app' },
      args: ['--yes', '--force', '--database', 'postgres://shop:b@db/app'],
      code: 1,
      error: /^\.env has another DATABASE_URL/,
    },
    'another configuration file': { args: ['--yes', '--config', 'a.ts'], code: 2, error: /--config/ },
    'a second configuration file': {
      files: { 'package.json': '{}', 'consulate.config.mjs': '' },
      args: ['--yes', '--force'],
      code: 1,
      error: /consulate\.config\.mjs exists already/,
    },
    'a package.json that is not JSON': {
      files: { 'package.json': '{' },
      args: ['--yes'],
      code: 1,
      error: /package\.json is not valid JSON/,
    },
    'a package.json that is no object': {
      files: { 'package.json': '[]' },
      args: ['--yes'],
      code: 1,
      error: /must contain an object/,
    },
    'a package.json whose scripts are no texts': {
      files: { 'package.json': '{"scripts":{"test":5}}' },
      args: ['--yes'],
      code: 1,
      error: /scripts must be an object of texts/,
    },
    'a file where it needs a directory': {
      files: { 'package.json': '{"type":"module"}', app: '' },
      args: ['--yes', '--framework', 'next'],
      code: 1,
      error: /app exists, but is not a directory/,
    },
  }

  test.each(Object.entries(cases))('%s', async (_name, { files, args, code, error }) => {
    const cwd = await project(files)
    const before = namesIn(cwd)
    expect(await init(cwd, ...args)).toMatchObject({ code, stderr: expect.stringMatching(error) as string })
    expect(namesIn(cwd)).toEqual(before)
  })

  test.each([
    ['a directory that leads out of the project', 'app', /^app exists, but is not a directory/],
    ['a file that leads out of the project', 'auth.ts', /^auth\.ts exists, but is not a file/],
  ])('%s', async (_name, link, error) => {
    const [cwd, elsewhere] = [await project({ 'package.json': '{"type":"module"}' }), emptyDirectory()]
    symlinkSync(elsewhere, join(cwd, link))
    expect(await init(cwd, '--yes', '--framework', 'next', '--force')).toMatchObject({
      code: 1,
      stderr: expect.stringMatching(error) as string,
    })
    expect([namesIn(elsewhere), namesIn(cwd)]).toEqual([[], [link, 'package.json'].toSorted()])
  })

  test('a directory without the package', async () => {
    const cwd = emptyDirectory()
    expect(await init(cwd, '--yes')).toMatchObject({ code: 1, stderr: /not installed/ })
    expect(namesIn(cwd)).toEqual([])
  })
})

describe.runIf(hasTerminal)('consulate init on a terminal', () => {
  const [ENTER, DOWN, SPACE] = ['\r', '\u001B[B', ' ']

  test.each(sampleOf([40, 80]))('asks for everything, at %d columns', async (columns) => {
    const cwd = await project()
    const { waitFor, type, end } = onTerminal(cwd, 'init', { columns })
    for (const [question, keys] of [
      ['Framework', ENTER],
      ['Language', DOWN + ENTER],
      ['Users', ENTER],
      ['Database', DOWN + ENTER],
      ['Database URL', ENTER],
      ['Who gets tokens?', DOWN + SPACE + ENTER],
      ['Scopes', ENTER],
    ] as const) {
      await waitFor(question)
      type(keys)
    }
    const { code, screen } = await end()
    expect(code).toBe(0)
    expect(screen).toContain('cron jobs and other')
    expect(read(cwd, 'consulate.config.js')).not.toContain('refreshToken')
    expect(read(cwd, 'consulate.config.js')).toContain('orders:create')
    expect(read(cwd, '.env')).toBe(`DATABASE_URL=${EXAMPLE}\n`)
    expect(screen).toContain('edit .env')
  })

  test('writes nothing if the user cancels', async () => {
    const cwd = await project()
    const { waitFor, type, end } = onTerminal(cwd, 'init')
    await waitFor('Framework')
    type('\u0003')
    expect(await end()).toMatchObject({ code: 1 })
    expect(namesIn(cwd)).toEqual(['package.json'])
  })
})
