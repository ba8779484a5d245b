import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { isThorough, sampleOf } from '../support/dose.ts'
import {
  hasPackagesOf,
  packedProject,
  runIn,
  writeFiles,
  type ProjectFiles,
  type ProjectOutcome,
} from '../support/packed.ts'
import { frameworksOf, entryPoints, importAll } from './entry-points.ts'

/** Each checks all declarations, which takes most of a second. */
const SETTINGS = [
  { module: 'nodenext', exactOptionalPropertyTypes: true },
  { module: 'node16', exactOptionalPropertyTypes: true },
  { module: 'preserve', moduleResolution: 'bundler', exactOptionalPropertyTypes: true },
  { module: 'nodenext' },
]

/** The others that TypeScript 7 has. They resolve as one of those above. */
const OTHER_SETTINGS = [
  { module: 'node20', exactOptionalPropertyTypes: true },
  { module: 'node18', exactOptionalPropertyTypes: true },
  { module: 'esnext', moduleResolution: 'bundler', exactOptionalPropertyTypes: true },
]

const hasTools = hasPackagesOf('test/package/tools')

const TYPES = ['module', 'commonjs'] as const
const program = readFileSync(join(import.meta.dirname, 'program.ts'), 'utf8')
const STRICT = { strict: true, noEmit: true, target: 'esnext', lib: ['esnext'], skipLibCheck: false }

/** Compiles a folder of a project with the compiler in this directory. */
function compile(
  cwd: string,
  folder: string,
  options: object,
  compiler = 'node_modules/typescript',
): Promise<ProjectOutcome> {
  const name = `tsconfig.${JSON.stringify(options).replaceAll(/\W+/g, '-')}.json`
  const config = { compilerOptions: { ...STRICT, ...options }, include: ['*.ts'] }
  writeFiles(join(cwd, folder), { [name]: JSON.stringify(config) })
  return runIn(join(cwd, folder), 'node', join(process.cwd(), compiler, 'bin/tsc'), '-p', name)
}

function inBothTypes(files: ProjectFiles): ProjectFiles {
  const folders = TYPES.map((type) => {
    const inFolder = Object.entries(files).map(([path, text]): [string, string] => [`${type}/${path}`, text])
    return Object.fromEntries([...inFolder, [`${type}/package.json`, JSON.stringify({ type })]])
  })
  return Object.assign({}, ...folders) as ProjectFiles
}

let bare: Promise<string> | undefined

/** Returns a project that imports every entry point except those of frameworks, which it does not have. */
function withoutFramework(): Promise<string> {
  const names = entryPoints.filter((name) => frameworksOf(name).length === 0)
  return (bare ??= packedProject(inBothTypes({ 'program.ts': program, 'all.ts': importAll(names) }), [
    '@types/node',
  ]))
}

const COMPILES = { code: 0, output: '' }

/** With `CI=true`, both types with all settings. Otherwise, each with every second one. */
const ROWS = TYPES.flatMap((type, row) =>
  (isThorough ? [...SETTINGS, ...OTHER_SETTINGS] : SETTINGS)
    .filter((_, column) => isThorough || column % 2 === row)
    .map((options) => [type, options] as const),
)

describe.concurrent('in a package without any framework, the types compile', () => {
  test.each(ROWS)('as type %s, with %o', async (type, options) => {
    expect(await compile(await withoutFramework(), type, options)).toEqual(COMPILES)
  })
})

/** Each takes seconds. In `npm test`, the oldest one is enough. */
const COMPILERS = [
  { version: '5.5', type: 'module', module: 'nodenext' },
  { version: '5.5', type: 'commonjs', module: 'commonjs', moduleResolution: 'node10' },
  { version: '5.9', type: 'commonjs', module: 'node18' },
  { version: '6.0', type: 'commonjs', module: 'node16' },
] as const

test.runIf(hasTools).concurrent.each(sampleOf(COMPILERS))(
  'the types compile with TypeScript $version in a package of type $type',
  async ({ version, type, ...options }) => {
    const cwd = await withoutFramework()
    const compiler = `test/package/tools/node_modules/typescript-${version}`
    expect(await compile(cwd, type, options, compiler)).toEqual(COMPILES)
  },
)

test('the types compile with every framework', async () => {
  const packages = ['@types/node', ...entryPoints.flatMap(frameworksOf)]
  const cwd = await packedProject(inBothTypes({ 'all.ts': importAll(entryPoints) }), packages)
  for (const type of TYPES) {
    expect(await compile(cwd, type, { module: 'nodenext', skipLibCheck: true })).toEqual(COMPILES)
  }
})
