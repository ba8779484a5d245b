import { execFile } from 'node:child_process'
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { installPacked } from '../support/packed.ts'
import { createSharedProcess, variables, type Outcome, type Variables } from './run.ts'

/** Files of a project, by path. */
type Files = Readonly<Record<string, string>>

/** The directory with the installed package, above the projects of all tests. */
let home = ''
let installed: ReturnType<typeof createSharedProcess>

beforeAll(async () => {
  home = mkdtempSync(join(tmpdir(), 'consulate projects '))
  await installPacked(home, ['@types/node'])
  const main = join(home, 'node_modules/consulate/dist/cli/main.js')
  installed = createSharedProcess(async () => main)
})

afterAll(() => rmSync(home, { recursive: true, force: true }))

/** The compiler of this repository. */
const TSC = join(process.cwd(), 'node_modules/.bin/tsc')
const compile = promisify(execFile)

let count = 0

/** Writes a project into a directory of its own. */
function project(files: Files): string {
  const cwd = join(home, `project ${(count += 1)}`)
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(cwd, path)), { recursive: true })
    writeFileSync(join(cwd, path), text)
  }
  return cwd
}

/** Runs a command of the installed package. */
const consulate = (cwd: string, args: readonly string[], env: Variables = {}): Promise<Outcome> =>
  installed.run({ cwd, args, env: variables(env) })

/** Loads the configuration of a project. */
const routesOf = (cwd: string, ...args: string[]): Promise<Outcome> =>
  consulate(cwd, ['routes', '--json', ...args])

const config = (issuer: string, imports = ''): string => `
import { builtInUsers, clientCredentials, defineConfig, secretsFromDirectory } from 'consulate'
import { sqlite } from 'consulate/sqlite'
${imports}
export default defineConfig({
  issuer: ${issuer},
  secrets: secretsFromDirectory('./keys'),
  store: sqlite('shop.db'),
  users: builtInUsers(),
  scopes: { 'orders:read': 'See your orders' },
  grants: [clientCredentials()],
})`

const packageJson = (type: string): string => JSON.stringify({ name: 'shop', type })
const ISSUER = 'https://shop.example/id'
const SETTINGS = `export const issuer: string = '${ISSUER}'`

describe.concurrent('a configuration loads as TypeScript projects write it', () => {
  const shapes: readonly [name: string, files: Files][] = [
    ['on its own', { 'consulate.config.ts': config(`'${ISSUER}' as string`) }],
    [
      'with a .js import of a .ts file',
      {
        'consulate.config.ts': config('issuer', "import { issuer } from './src/settings.js'"),
        'src/settings.ts': SETTINGS,
      },
    ],
    [
      'with an import without extension',
      {
        'consulate.config.ts': config('issuer', "import { issuer } from './src/settings'"),
        'src/settings.ts': SETTINGS,
      },
    ],
    [
      'with an import of a directory',
      {
        'consulate.config.ts': config('issuer', "import { issuer } from './src'"),
        'src/index.ts': "export * from './settings'",
        'src/settings.ts': SETTINGS,
      },
    ],
    [
      'with an enum, a parameter property, a namespace and a decorator',
      {
        'consulate.config.ts': config(
          'new Settings(Url.Issuer).issuer',
          "import { Settings, Url } from './src/settings.js'",
        ),
        'src/settings.ts': `
          function injectable(..._: any[]): any {}
          export enum Url { Issuer = '${ISSUER}' }
          namespace Names { export const shop = 'Shop' }
          @injectable
          export class Settings { constructor(readonly issuer: string, readonly name = Names.shop) {} }`,
      },
    ],
    [
      'with a type that is imported as a value',
      {
        'consulate.config.ts': config(
          'issuer',
          "import { Settings, issuer } from './src/settings.js'\nexport const settings: Settings = { issuer }",
        ),
        'src/settings.ts': `export interface Settings { issuer: string }\n${SETTINGS}`,
      },
    ],
    [
      'with paths of tsconfig.json',
      {
        'tsconfig.json': `{
          // With a comment
          "compilerOptions": { "baseUrl": ".", "paths": { "@/*": ["./src/*"] } },
        }`,
        'consulate.config.ts': config('issuer', "import { issuer } from '@/settings'"),
        'src/settings.ts': SETTINGS,
      },
    ],
    [
      'with a tsconfig.json whose base is a development dependency that is not installed',
      {
        'tsconfig.json': '{ "extends": "@tsconfig/none/tsconfig.json" }',
        'consulate.config.ts': config('issuer', "import { issuer } from './src/settings'"),
        'src/settings.ts': SETTINGS,
      },
    ],
    [
      'with JSON, __dirname and require',
      {
        'consulate.config.ts': config(
          'settings.issuer',
          `import settings from './settings.json'
           import { existsSync } from 'node:fs'
           if (!existsSync(__dirname + '/settings.json') || !require('./settings.json')) throw new Error('none')`,
        ),
        'settings.json': JSON.stringify({ issuer: ISSUER }),
      },
    ],
    [
      'with a top-level await and a default export that is a promise',
      {
        'consulate.config.ts': config(`await Promise.resolve('${ISSUER}')`)
          .replace('default', 'default Promise.resolve(')
          .concat(')'),
      },
    ],
    ['in JavaScript', { 'consulate.config.js': config(`'${ISSUER}'`) }],
    ['in an ES module of TypeScript', { 'consulate.config.mts': config(`'${ISSUER}' as string`) }],
    ['in an ES module of JavaScript', { 'consulate.config.mjs': config(`'${ISSUER}'`) }],
  ]

  const expectLoads = async (files: Files): Promise<void> => {
    const { code, stdout, stderr } = await routesOf(project(files))
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
    expect(JSON.parse(stdout)).toContainEqual(expect.objectContaining({ path: '/id/oauth/token' }))
  }

  test.each(shapes)('%s, in an ES module package', (_name, files) =>
    expectLoads({ 'package.json': packageJson('module'), ...files }),
  )

  /** jiti loads these, so they share a code path. */
  const everything: Files = {
    'tsconfig.json': '{ "compilerOptions": { "paths": { "@/*": ["./src/*"] } } }',
    'consulate.config.ts': config(
      'settings.issuer',
      `import { Settings } from './src/types.js'
       import { Url } from './src'
       import { check } from '@/check'
       import json from './settings.json'
       check(Url.Issuer, json.issuer, __dirname)
       const settings: Settings = json`,
    ),
    'settings.json': JSON.stringify({ issuer: ISSUER }),
    'src/index.ts': `export enum Url { Issuer = '${ISSUER}' }`,
    'src/types.ts': 'export interface Settings { issuer: string }',
    'src/check.ts': `export function check(...texts: string[]) { if (!texts.every(Boolean)) throw new Error('none') }`,
  }

  test.each<[string, Files]>([
    ['on its own', { 'consulate.config.ts': config(`'${ISSUER}' as string`) }],
    ['with everything', everything],
    ['with a top-level await', { 'consulate.config.ts': config(`await Promise.resolve('${ISSUER}')`) }],
    ['in JavaScript with imports', { 'consulate.config.js': config(`'${ISSUER}'`) }],
    ['in TypeScript with require', { 'consulate.config.cts': config(`'${ISSUER}' as string`) }],
  ])('%s, in a CommonJS package', (_name, files) =>
    expectLoads({ 'package.json': packageJson('commonjs'), ...files }),
  )

  test('in a directory without package.json', () =>
    expectLoads({ 'consulate.config.ts': config(`'${ISSUER}' as string`) }))
})

describe.concurrent('a built configuration', () => {
  const source = (type: string): Files => ({
    'package.json': packageJson(type),
    'tsconfig.json': JSON.stringify({
      compilerOptions: {
        module: 'nodenext',
        target: 'es2024',
        outDir: 'dist',
        skipLibCheck: true,
        types: [],
      },
      files: ['consulate.config.ts'],
    }),
    'consulate.config.ts': config('issuer', "import { issuer } from './settings.js'"),
    'settings.ts': SETTINGS,
  })

  test.each(['module', 'commonjs'])('loads in a package of type %s if --config names it', async (type) => {
    const cwd = project(source(type))
    await compile(TSC, [], { cwd })
    for (const name of ['consulate.config.ts', 'settings.ts']) rmSync(join(cwd, name))
    const { code, stderr } = await routesOf(cwd, '--config', 'dist/consulate.config.js')
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
    const without = await consulate(cwd, ['install'])
    expect(without).toEqual({
      code: 1,
      stdout: '',
      stderr:
        'No configuration file in this directory. To use dist/consulate.config.js, pass --config dist/consulate.config.js.\n',
    })
    expect(existsSync(join(cwd, 'data'))).toBe(false)
  })
})

describe.concurrent('--config', () => {
  const files = { 'apps/auth server/main.ts': config(`'${ISSUER}' as string`), 'package.json': '{}' }
  const path = 'apps/auth server/main.ts'

  test.each([
    ['after the command', ['routes', '--json', '--config', path], {}],
    ['before the command', ['--config', path, 'routes', '--json'], {}],
    ['by its variable', ['routes', '--json'], { CONSULATE_CONFIG: path }],
    ['over its variable', ['routes', '--json', '--config', path], { CONSULATE_CONFIG: 'nowhere.ts' }],
  ])('names the file %s', async (_where, args, env) => {
    const { code, stderr } = await consulate(project(files), args, env)
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
  })

  test('takes relative paths in the file from the working directory', async () => {
    const cwd = project(files)
    expect((await consulate(cwd, ['install', '--config', path])).code).toBe(0)
    expect(readdirSync(cwd).toSorted()).toEqual(['apps', 'keys', 'package.json', 'shop.db'])
  })

  test.each([
    [['--config', 'nowhere.ts'], 1, 'Configuration file nowhere.ts does not exist.\n'],
    [['--config', 'apps'], 1, 'apps is a directory. Pass the file: --config apps/consulate.config.ts\n'],
    [['--config', path, '--config', path], 2, /'--config <file>' .* It was given twice\.\n/],
    [['--config'], 2, /'--config <file>' argument missing\n/],
    [['--config', ''], 2, /'--config <file>' .* It must be a file\.\n/],
  ])('%j is refused', async (flags, exitCode, message) => {
    const { code, stdout, stderr } = await routesOf(project(files), ...flags)
    expect({ code, stdout }).toEqual({ code: exitCode, stdout: '' })
    expect(stderr).toMatch(message)
  })

  test('is refused both before and after the command', async () => {
    const { code, stderr } = await consulate(project(files), ['--config', path, 'routes', '--config', path])
    expect([code, stderr]).toEqual([2, '--config was given twice.\n'])
  })

  test('is suggested in a directory below that of the file', async () => {
    const cwd = project({
      'consulate.config.ts': config(`'${ISSUER}'`),
      'package.json': '{}',
      'src/a.ts': '',
    })
    const below = join(cwd, 'src')
    const { code, stderr } = await consulate(below, ['install'])
    expect([code, stderr]).toEqual([
      1,
      'No configuration file in this directory. To use ../consulate.config.ts, pass --config ../consulate.config.ts.\n',
    ])
    expect(readdirSync(below)).toEqual(['a.ts'])
    const meant = await consulate(below, ['install'], { CONSULATE_DATA: './data' })
    expect(meant.code).toBe(0)
  })
})

describe.concurrent('a configuration that cannot be loaded: one line with the file and line of the cause', () => {
  const named = 'consulate.config.ts'
  const importing = (path: string, rest = ''): string =>
    `\nimport x from '${path}'\n${rest}\nexport default x`
  const failures: readonly [name: string, files: Files, message: string | RegExp][] = [
    [
      'a missing file',
      { [named]: importing('./src/nope.js') },
      `${named}:2 imports "./src/nope.js", which does not exist. Check the path.`,
    ],
    [
      'a missing file, two files away',
      { [named]: importing('./a.js'), 'a.ts': importing('./b') },
      'a.ts:2 imports "./b", which does not exist. Check the path.',
    ],
    [
      'a missing package',
      { [named]: importing('no-such-package/sub') },
      `${named}:2 imports "no-such-package/sub", which is not installed. Run \`npm install no-such-package\`.`,
    ],
    [
      'a missing alias',
      { [named]: importing('@/users') },
      `${named}:2 imports "@/users", which is neither a package nor one of the \`paths\` of tsconfig.json.`,
    ],
    ['a syntax error', { [named]: 'export default {\n  issuer: 1;\n}' }, /^consulate\.config\.ts:2: \S.*$/],
    [
      'a syntax error, one file away',
      { [named]: importing('./a.js'), 'a.ts': '\n\nconst a = )\n' },
      /^a\.ts:3: \S.*$/,
    ],
    [
      'an error that it throws',
      { [named]: "interface A {}\n\nthrow new Error('DATABASE_URL is not set')\nexport default {}" },
      `DATABASE_URL is not set (${named}:3)`,
    ],
    [
      'an error of several lines',
      { [named]: "\nthrow new RangeError('first\\n  second')\nexport default {}" },
      `RangeError: first second (${named}:2)`,
    ],
    [
      'an error, one file away',
      { [named]: importing('./a.js'), 'a.ts': '\nconst a: any = null\nexport default a.b' },
      "TypeError: Cannot read properties of null (reading 'b') (a.ts:3)",
    ],
    [
      'a rejection',
      { [named]: "await Promise.reject(new Error('no connection'))\nexport default {}" },
      `no connection (${named}:1)`,
    ],
    ['a value that it throws', { [named]: "throw 'nothing'\nexport default {}" }, 'it threw nothing'],
    [
      'a file that it reads',
      { [named]: "import { readFileSync } from 'node:fs'\nexport default readFileSync('key.pem')" },
      `ENOENT: no such file or directory, open 'key.pem' (${named}:2)`,
    ],
    [
      'a tsconfig.json with a missing base',
      { [named]: importing('@/users'), 'tsconfig.json': '{ "extends": "./none.json" }' },
      /none\.json/,
    ],
  ]

  const inCommonJs = new Set(['a missing file', 'a syntax error', 'an error that it throws', 'a rejection'])
  const rows = failures.flatMap(([name, files, message]) => [
    { name, type: 'module', files, message },
    ...(inCommonJs.has(name) ? [{ name, type: 'commonjs', files, message }] : []),
  ])

  test.each(rows)('$name, in a package of type $type', async ({ type, files, message }) => {
    const { code, stdout, stderr } = await routesOf(project({ 'package.json': packageJson(type), ...files }))
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' })
    const [, text = ''] = /^Cannot load consulate\.config\.ts: (.*)\n$/.exec(stderr) ?? []
    expect(text || stderr).toMatch(message)
  })

  const write = 'Write `export default defineConfig({ issuer, … })`.\n'
  test.each([
    ['nothing', '', 'no configuration'],
    ['another name', 'export const config = {}', 'no configuration'],
    ['a function', 'export default () => ({})', 'a function'],
    ['a string', "export default 'https://shop.example'", 'no configuration'],
  ])('a file that exports %s', async (_what, text, what) => {
    const { code, stderr } = await routesOf(project({ 'package.json': packageJson('module'), [named]: text }))
    expect([code, stderr]).toEqual([1, `consulate.config.ts exports ${what}. ${write}`])
  })

  test('a file that exports the server', async () => {
    const text = config(`'${ISSUER}'`)
      .replace('defineConfig(', 'createAuthorizationServer(')
      .replace('defineConfig', 'createAuthorizationServer')
    const { code, stderr } = await routesOf(project({ 'package.json': packageJson('module'), [named]: text }))
    expect([code, stderr]).toEqual([1, `consulate.config.ts exports a server. ${write}`])
  })

  test('a file that is not JavaScript', async () => {
    const { code, stderr } = await routesOf(
      project({ 'settings.yaml': 'issuer: https://shop.example' }),
      '--config',
      'settings.yaml',
    )
    expect([code, stderr]).toEqual([1, expect.stringMatching(/^Cannot load settings\.yaml: .*\n$/)])
  })
})

test.concurrent('a slow configuration is named while it loads', async () => {
  const text = `await new Promise((resolve) => setTimeout(resolve, 3100))\n${config(`'${ISSUER}'`)}`
  const { code, stderr } = await routesOf(project({ 'consulate.config.mjs': text }))
  expect([code, stderr]).toEqual([0, 'Still loading consulate.config.mjs…\n'])
})
