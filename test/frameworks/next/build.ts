import { spawn } from 'node:child_process'
import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { cp, mkdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises'
import { dirname, join, relative } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import { isAvailable } from '../../support/available.ts'
import { filesBelow, ROOT } from '../../house/repository.ts'
import { installPacked, packTarball } from '../../support/packed.ts'

/** Next and React are installed here, apart from the packages of the repository. */
export const NEXT = join(ROOT, 'examples/next')

/** Whether Next is installed. */
export const hasNext = isAvailable(
  existsSync(join(NEXT, 'node_modules/next')),
  'Tests in Next are skipped. To run them: npm ci --prefix examples/next',
)

/**
 * Builds the app in `source`. Returns the folder of the build, which later calls reuse while the files and the configuration
 * stay the same.
 */
export async function build(source: string, config: object = {}): Promise<string> {
  const settings = { ...config, typescript: { ignoreBuildErrors: true }, turbopack: { root: NEXT } }
  const configuration = `export default ${JSON.stringify(settings)}\n`
  return buildFiles([...read(source), ['next.config.mjs', configuration]])
}

/** Builds the example, with the package as npm installs it and with types checked. */
export async function buildExample(): Promise<string> {
  const tarball = createHash('sha256').update(await readFile(await packTarball()))
  const files = [...read(NEXT), ['.package', tarball.digest('hex')] as const]
  return buildFiles(files, async (folder) => {
    await installPacked(folder)
    await copyLinks(join(folder, 'node_modules'))
  })
}

/** Replaces links by copies. Next follows imports of external packages, but not out of its folder. */
async function copyLinks(modules: string): Promise<void> {
  await rename(modules, `${modules}.linked`)
  await rm(`${modules}.linked/.bin`, { recursive: true, force: true })
  await cp(`${modules}.linked`, modules, { recursive: true, dereference: true })
  await rm(`${modules}.linked`, { recursive: true })
}

type File = readonly [path: string, text: string]

async function buildFiles(
  files: readonly File[],
  install: (folder: string) => Promise<void> = async () => undefined,
): Promise<string> {
  const name = createHash('sha256').update(JSON.stringify(files)).digest('hex').slice(0, 16)
  const folder = join(NEXT, '.tests', name)
  await withLock(`${folder}.lock`, async () => {
    if (existsSync(join(folder, '.next/BUILD_ID'))) return
    await rm(folder, { recursive: true, force: true })
    for (const [path, text] of files) await write(join(folder, path), text)
    await install(folder)
    await runNext(folder)
  })
  return folder
}

/** Files that Next writes into the source. */
const GENERATED = /^(next-env\.d\.ts|tsconfig\.tsbuildinfo)$/

const read = (source: string): readonly File[] =>
  Object.entries(filesBelow(relative(ROOT, source)))
    .map(([path, text]): File => [relative(source, join(ROOT, path)), text])
    .filter(([path]) => !GENERATED.test(path))

async function write(path: string, text: string): Promise<void> {
  await mkdir(dirname(path), { recursive: true })
  await writeFile(path, text)
}

/** Workers of the test runner build the same app. A lock that a killed process left behind is ignored after a while. */
async function withLock(path: string, action: () => Promise<void>): Promise<void> {
  await mkdir(dirname(path), { recursive: true })
  while (!(await tryLock(path))) await setTimeout(100)
  try {
    await action()
  } finally {
    await rm(path, { recursive: true, force: true })
  }
}

const LONGEST_BUILD = 300_000

async function tryLock(path: string): Promise<boolean> {
  const existing = await stat(path).catch(() => undefined)
  if (existing && Date.now() - existing.mtimeMs > LONGEST_BUILD) await rm(path, { recursive: true })
  return mkdir(path).then(
    () => true,
    () => false,
  )
}

async function runNext(folder: string): Promise<void> {
  const next = join(NEXT, 'node_modules/next/dist/bin/next')
  const env = { ...process.env, NODE_ENV: 'production', NEXT_TELEMETRY_DISABLED: '1' }
  const child = spawn(process.execPath, [next, 'build', folder], { env, stdio: ['ignore', 'pipe', 'pipe'] })
  let output = ''
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk) => (output += String(chunk)))
  const [code] = (await once(child, 'close')) as [number | null]
  if (code !== 0) throw new Error(`next build failed:\n${output}`)
}
