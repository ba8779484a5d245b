import { mkdtempSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { beforeAll, describe, expect, test } from 'vitest'
import { blocksOf, fileNameOf } from '../house/blocks.ts'
import { ROOT } from '../house/repository.ts'
import { isThorough, sampleOf } from '../support/dose.ts'
import {
  hasPackagesOf,
  packedProject,
  runIn,
  writeFiles,
  type ProjectFiles,
  type ProjectOutcome,
} from '../support/packed.ts'

const hasTools = hasPackagesOf('test/package/tools')

/** The directory whose `node_modules` the projects share. */
let home = ''

beforeAll(async () => {
  const tools = hasTools ? ['jest', '@swc/jest', '@swc/core', 'tsx'] : []
  home = await packedProject({}, ['typescript', '@types/node', 'hono', 'vitest', ...tools])
})

/** Writes a project into a directory of its own, and runs a shell command in it. */
function runProject(files: ProjectFiles, line: string): Promise<ProjectOutcome> {
  const cwd = mkdtempSync(join(home, 'project-'))
  writeFiles(cwd, files)
  return runIn(cwd, 'sh', '-c', `PATH="${home}/node_modules/.bin:$PATH"; ${line}`)
}

/** Starts a server in memory, registers a client and gets a token for it. Prints the type of the token. */
const BODY = `
async function main() {
  const server = createAuthorizationServer({
    issuer: 'http://localhost:3000',
    secrets: {
      signingKeys: [{ privateKey: generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey }],
      secrets: [{ value: randomBytes(32).toString('base64url') }],
    },
    store: sqlite(':memory:'),
    users: builtInUsers(),
    scopes: { 'orders:read': 'See your orders' },
    grants: [clientCredentials()],
  })
  await server.ready()
  const { client, secret } = await server.clients.create({ name: 'Importer', scopes: ['orders:read'] })
  const form = { grant_type: 'client_credentials', client_id: client.id, client_secret: String(secret) }
  const request = new Request('http://localhost:3000/oauth/token', { method: 'POST', body: new URLSearchParams(form) })
  const response = await server.fetch(request)
  console.log(((await response.json()) as { token_type: string }).token_type)
  await server.close()
}
void main()
`

const NAMES = '{ builtInUsers, clientCredentials, createAuthorizationServer }'
const IMPORTS = `
import { generateKeyPairSync, randomBytes } from 'node:crypto'
import ${NAMES} from 'consulate'
import { sqlite } from 'consulate/sqlite'
`
const REQUIRES = `
const { generateKeyPairSync, randomBytes } = require('node:crypto')
const ${NAMES} = require('consulate')
const { sqlite } = require('consulate/sqlite')
`
const javascript = (text: string): string => text.replaceAll(' as { token_type: string }', '')
const ISSUED = { code: 0, output: 'Bearer\n' }

const of = (type: 'module' | 'commonjs', files: ProjectFiles): ProjectFiles => ({
  'package.json': JSON.stringify({ type }),
  ...files,
})

describe.concurrent('a server in an installed project issues a token', () => {
  const rows: readonly [what: string, files: ProjectFiles, file: string][] = [
    ['an ES module', of('module', { 'app.js': javascript(IMPORTS + BODY) }), 'app.js'],
    ['a CommonJS module', of('commonjs', { 'app.js': javascript(REQUIRES + BODY) }), 'app.js'],
    ['TypeScript, whose types Node strips', of('module', { 'app.ts': IMPORTS + BODY }), 'app.ts'],
  ]

  test.each(rows)('in %s', async (_what, files, file) => {
    expect(await runProject(files, `node ${file}`)).toEqual(ISSUED)
  })

  const script = of('commonjs', { 'app.ts': IMPORTS + BODY })

  test('in TypeScript that is compiled to CommonJS', async () => {
    const flags = '--module node18 --target es2024 --lib es2024'
    expect(await runProject(script, `tsc ${flags} app.ts && node app.js`)).toEqual(ISSUED)
  })

  test('in TypeScript with the tsconfig.json of the guide', async () => {
    const files = { 'app.ts': IMPORTS + BODY, 'tsconfig.json': blockWith('compilerOptions') }
    expect(await runProject(of('module', files), 'tsc && node app.ts')).toEqual(ISSUED)
  })

  test.runIf(hasTools)('with tsx in a CommonJS package', async () => {
    expect(await runProject(script, 'tsx app.ts')).toEqual(ISSUED)
  })
})

test('the code is loaded once, whether it is imported or required', async () => {
  const text = `
import { createRequire } from 'node:module'
import { ConfigError } from 'consulate'
console.log(createRequire(import.meta.url)('consulate').ConfigError === ConfigError)`
  expect(await runProject(of('module', { 'app.js': text }), 'node app.js')).toEqual({
    code: 0,
    output: 'true\n',
  })
})

const page = readFileSync(join(ROOT, 'docs/guides/typescript-and-javascript.md'), 'utf8')

/** Returns the only code block of the guide that contains this text. */
function blockWith(text: string): string {
  const blocks = [...page.matchAll(/```(?:json|ts)\n(.*?)```/gs)].map(([, block = '']) => block)
  const [block = '', ...others] = blocks.filter((each) => each.includes(text))
  if (block === '' || others.length > 0) throw new Error(`The guide must have one block with ${text}`)
  return block
}

const VITEST = blockWith("from 'vitest'")
const TEST = VITEST.replaceAll(/^import .*\n/gm, '')
const IMPORT_GUARD = "import { createTestGuard } from 'consulate/testing'\n"
const REQUIRE_GUARD = "const { createTestGuard } = require('consulate/testing')\n"
const SWC = blockWith('@swc/jest')

/** Outside CI, each test runner runs either these tests or those below. */
describe.concurrent("an installed project's own tests pass", () => {
  test.runIf(hasTools).each(
    sampleOf([
      [
        'a CommonJS module',
        of('commonjs', { 'jest.config.json': '{}', 'api.test.js': REQUIRE_GUARD + TEST }),
      ],
      [
        'an ES module',
        of('module', { 'jest.config.json': '{ "transform": {} }', 'api.test.js': IMPORT_GUARD + TEST }),
      ],
      ['TypeScript', of('module', { 'jest.config.json': SWC, 'api.test.ts': IMPORT_GUARD + TEST })],
    ]),
  )('in jest, written as %s', async (_what, files) => {
    const { code, output } = await runProject(files, 'NODE_OPTIONS=--experimental-vm-modules jest')
    expect(output).toContain('Tests:       1 passed')
    expect(code).toBe(0)
  })

  test.runIf(isThorough)('in vitest', async () => {
    expect(await runProject(of('module', { 'api.test.ts': VITEST }), 'vitest run')).toMatchObject({
      code: 0,
      output: expect.stringContaining('1 passed') as string,
    })
  })
})

const GUIDE = 'docs/guides/testing-your-api.md'

/** The files of the guide about testing, by name: an app with a server, and its tests. */
const guide = Object.fromEntries(
  blocksOf({ [GUIDE]: readFileSync(join(ROOT, GUIDE), 'utf8') }).flatMap(({ text }) => {
    const name = fileNameOf(text)
    return name === undefined ? [] : [[name, text] as const]
  }),
)

/** Returns the app of the guide with these of its tests. A second copy of the first one runs in parallel. */
function appWith(files: ProjectFiles, tests: readonly string[]): ProjectFiles {
  const isApp = (name: string): boolean => !name.endsWith('test.ts')
  const app = Object.entries(guide).filter(([name]) => isApp(name))
  const copies = [...tests, ...tests.slice(0, 1)].map(
    (name, index) => [`${index}-${name.split('.')[0]}.test.ts`, guide[name] ?? ''] as const,
  )
  return { ...Object.fromEntries([...app, ...copies]), ...files }
}

/** The settings of the guide, for a module system. */
function swc(type: 'es6' | 'commonjs'): string {
  const { transform, ...rest } = JSON.parse(SWC) as { readonly transform: Record<string, [string, object]> }
  const transforms = Object.entries(transform).map(([pattern, [name, options]]) => [
    pattern,
    [name, { ...options, module: { type } }],
  ])
  return JSON.stringify({ ...(type === 'es6' && rest), transform: Object.fromEntries(transforms) as object })
}

describe.concurrent('the tests of the guide replace the server of the app, in parallel files that share nothing,', () => {
  test('in vitest', async () => {
    const tests = Object.keys(guide).filter((name) => name.endsWith('.test.ts'))
    const { code, output } = await runProject(appWith(of('module', {}), tests), 'vitest run')
    expect(output).toContain(`${tests.length + 1} passed`)
    expect(code).toBe(0)
  })

  test('in node:test', async () => {
    const files = appWith(of('module', {}), ['api.node-test.ts'])
    const { code, output } = await runProject(files, 'node --test --experimental-test-module-mocks')
    expect(output).toMatch(/pass 2\b/)
    expect(code).toBe(0)
  })

  test.runIf(hasTools && isThorough).each([
    ['CommonJS', 'commonjs', 'api.jest-test.ts'],
    ['ES modules', 'es6', 'api.jest-module-test.ts'],
  ] as const)('in jest, with %s', async (_what, type, name) => {
    const files = of(type === 'es6' ? 'module' : 'commonjs', { 'jest.config.json': swc(type) })
    const { code, output } = await runProject(
      appWith(files, [name]),
      'NODE_OPTIONS=--experimental-vm-modules jest',
    )
    expect(output).toContain('Tests:       2 passed')
    expect(code).toBe(0)
  })
})
