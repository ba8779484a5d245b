import { execFile } from 'node:child_process'
import { chmodSync, cpSync, existsSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs'
import { mkdtemp, readdir, rename } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { basename, dirname, join, resolve } from 'node:path'
import { promisify } from 'node:util'
import { isAvailable } from './available.ts'
import { oncePerRun } from './once-per-run.ts'

const run = promisify(execFile)

/** The repository. Packages of projects are linked from its `node_modules`. */
const REPOSITORY = resolve(import.meta.dirname, '../..')

/** The packages of this repository, and those of folders that may not be installed. */
const MODULES = [
  '',
  'test/package/tools',
  'examples/prisma',
  'examples/drizzle',
  'examples/react-pages',
  'examples/vue-pages',
].map((folder) => join(REPOSITORY, folder, 'node_modules'))

/**
 * Whether the packages of a folder are installed. If not, prints how to install them, and throws with `CI=true`, so that no
 * test is skipped unnoticed.
 */
export function hasPackagesOf(folder: string): boolean {
  const isPresent = existsSync(join(REPOSITORY, folder, 'node_modules/.package-lock.json'))
  const advice = `${folder} is not installed. Run \`npm ci --prefix ${folder} --ignore-scripts\`.`
  if (!isPresent && process.env['CI'] === 'true') throw new Error(advice)
  return isAvailable(isPresent, advice)
}

/** What the copy that is packed leaves out. None of it is in the package. */
const LEFT_OUT = new Set(['.git', 'bench', 'data', 'dist', 'node_modules', 'test'])

/** What is left out of the examples. npm does it too. */
const NESTED = new Set(['.next', '.tests', 'dist', 'node_modules'])

/** Packs the package as `npm publish` would, build included, once per run. Returns the path of the tarball. */
export const packTarball = async (): Promise<string> =>
  join(await oncePerRun('package', pack), 'consulate.tgz')

/** Packs a copy of the repository. */
async function pack(folder: string): Promise<void> {
  const copy = join(folder, 'repository')
  for (const name of await readdir(REPOSITORY)) {
    if (!LEFT_OUT.has(name)) cpSync(join(REPOSITORY, name), join(copy, name), { recursive: true, filter })
  }
  symlinkSync(join(REPOSITORY, 'node_modules'), join(copy, 'node_modules'))
  await run('npm', ['pack', '--pack-destination', folder], { cwd: copy })
  const { version } = manifestOf(copy)
  await rename(join(folder, `consulate-${version}.tgz`), join(folder, 'consulate.tgz'))
}

/** Examples have packages and builds of their own. */
const filter = (path: string): boolean => !NESTED.has(basename(path))

/** Files by path, relative to the project. */
export type ProjectFiles = Readonly<Record<string, string>>

/** Creates an empty directory with a project that has the packed package. `packages` are those it has besides. */
export async function packedProject(files: ProjectFiles, packages: readonly string[] = []): Promise<string> {
  const cwd = await mkdtemp(join(tmpdir(), 'consulate-project-'))
  writeFiles(cwd, files)
  await installPacked(cwd, packages)
  return cwd
}

/** Writes files of a project, with their directories. */
export function writeFiles(cwd: string, files: ProjectFiles): void {
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(cwd, path)), { recursive: true })
    writeFileSync(join(cwd, path), text)
  }
}

/**
 * Installs the packed package into a project, as `npm install` would but without a registry: unpacks it, and links its
 * dependencies and the named packages from the repository. What a project does not name, it cannot import.
 */
export async function installPacked(cwd: string, packages: readonly string[] = []): Promise<void> {
  const own = join(cwd, 'node_modules/consulate')
  const tarball = await packTarball()
  mkdirSync(own, { recursive: true })
  await run('tar', ['-xzf', tarball, '-C', own, '--strip-components=1'])
  linkBins(cwd, 'consulate')
  for (const name of new Set([...Object.keys(manifestOf(own).dependencies ?? {}), ...packages]))
    link(cwd, name)
}

function link(cwd: string, name: string): void {
  const path = join(cwd, 'node_modules', name)
  mkdirSync(dirname(path), { recursive: true })
  symlinkSync(installedPath(name), path)
  linkBins(cwd, name)
}

function installedPath(name: string): string {
  const found = MODULES.map((folder) => join(folder, name)).find((path) => existsSync(path))
  if (found === undefined) throw new Error(`${name} is not installed`)
  return found
}

function linkBins(cwd: string, name: string): void {
  const { bin = {} } = manifestOf(join(cwd, 'node_modules', name))
  const bins = typeof bin === 'string' ? { [name]: bin } : bin
  mkdirSync(join(cwd, 'node_modules/.bin'), { recursive: true })
  for (const [command, path] of Object.entries(bins)) {
    const target = join(cwd, 'node_modules', name, path)
    if (name === 'consulate') chmodSync(target, 0o755)
    symlinkSync(target, join(cwd, 'node_modules/.bin', command))
  }
}

interface Manifest {
  readonly version: string
  readonly bin?: string | Readonly<Record<string, string>>
  readonly dependencies?: Readonly<Record<string, string>>
}

const manifestOf = (directory: string): Manifest =>
  JSON.parse(readFileSync(join(directory, 'package.json'), 'utf8')) as Manifest

/** Runs a command of a project, such as `tsc` or `node`, and returns what it printed. Never throws. */
export async function runIn(
  cwd: string,
  command: string,
  ...args: readonly string[]
): Promise<ProjectOutcome> {
  return new Promise((resolve) => {
    execFile(command, args, { cwd, env: environmentIn(cwd) }, (error, stdout, stderr) => {
      resolve({ code: error ? Number(error.code ?? 1) : 0, output: stdout + stderr })
    })
  })
}

/** The variables of a shell in a project: as those of npm scripts, and the compiled modules of this run. */
export function environmentIn(cwd: string): Readonly<Record<'PATH' | 'HOME' | 'NODE_COMPILE_CACHE', string>> {
  const { PATH = '', NODE_COMPILE_CACHE = '' } = process.env
  const paths = [join(cwd, 'node_modules/.bin'), dirname(process.execPath), PATH]
  return { PATH: paths.join(':'), HOME: tmpdir(), NODE_COMPILE_CACHE }
}

/** The exit code of a command, and its output and errors together. */
export interface ProjectOutcome {
  readonly code: number
  readonly output: string
}
