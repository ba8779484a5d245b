import { spawn } from 'node:child_process'
import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { mkdir, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { dirname, join, relative } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import { isAvailable } from '../../support/available.ts'
import { ROOT } from '../../house/repository.ts'

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
  const files = new Map(await read(source))
  files.set('next.config.mjs', `export default ${JSON.stringify(settings)}\n`)
  const name = createHash('sha256')
    .update(JSON.stringify([...files]))
    .digest('hex')
    .slice(0, 16)
  const folder = join(NEXT, '.tests', name)
  const isBuilt = (): boolean => existsSync(join(folder, '.next/BUILD_ID'))
  await withLock(`${folder}.lock`, async () => {
    if (isBuilt()) return
    await rm(folder, { recursive: true, force: true })
    for (const [path, text] of files) await write(join(folder, path), text)
    await runNext(folder)
  })
  return folder
}

const IGNORED = /(^|\/)(\.next|node_modules|next-env\.d\.ts)(\/|$)/

async function read(source: string): Promise<readonly (readonly [path: string, text: string])[]> {
  const entries = await readdir(source, { recursive: true, withFileTypes: true })
  const paths = entries
    .filter((entry) => entry.isFile())
    .map((entry) => relative(source, join(entry.parentPath, entry.name)))
    .filter((path) => !IGNORED.test(path))
    .toSorted()
  return Promise.all(paths.map(async (path) => [path, await readFile(join(source, path), 'utf8')] as const))
}

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
