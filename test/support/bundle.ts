import { cpSync, existsSync, mkdirSync, readFileSync } from 'node:fs'
import { rename, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { pathToFileURL } from 'node:url'
import { rolldown, type Plugin } from 'rolldown'
import { ROOT } from '../house/repository.ts'

/** Programs of which tests start many processes. Most of their CPU time would be the loading of hundreds of modules. */
const PROGRAMS = {
  'dist/cli/main': 'src/cli/main.ts',
  'dist/serve': 'test/support/serve.ts',
} as const

/** One per run: the workers share the temporary folder. */
const FOLDER = join(tmpdir(), 'consulate-bundles')
const [UNFINISHED, FINISHED, FAILURE] = ['unfinished', 'finished', 'failure'].map((name) =>
  join(FOLDER, name),
) as [string, string, string]

/**
 * Returns the path of a program that starts in a third of the time: a bundle, or the source with `CI=true`. The command line
 * is `bin/consulate.js`, which runs the bundle as it runs the build of an installed package.
 */
export async function programFile(
  path: 'bin/consulate.js' | (typeof PROGRAMS)[keyof typeof PROGRAMS],
): Promise<string> {
  if (process.env['CI'] === 'true') return join(ROOT, path)
  await bundleOnce()
  const [name] = Object.entries(PROGRAMS).find(([, source]) => source === path) ?? []
  return join(FINISHED, name === undefined ? path : `${name}.js`)
}

/** The first worker bundles, and the others wait. */
async function bundleOnce(): Promise<void> {
  if (claim()) await bundle().catch((error: unknown) => writeFile(FAILURE, String(error)))
  while (!existsSync(FINISHED)) {
    if (existsSync(FAILURE))
      throw new Error(`The programs cannot be bundled: ${readFileSync(FAILURE, 'utf8')}`)
    await sleep(50)
  }
}

/** Returns true to the first caller of all workers. */
function claim(): boolean {
  try {
    mkdirSync(FOLDER)
    return true
  } catch {
    return false
  }
}

async function bundle(): Promise<void> {
  const input = Object.fromEntries(Object.entries(PROGRAMS).map(([name, path]) => [name, join(ROOT, path)]))
  const resolve = { conditionNames: ['consulate-source', 'node', 'import'] }
  const bundle = await rolldown({ input, platform: 'node', resolve, plugins: [originalUrls] })
  await bundle.write({ dir: UNFINISHED, format: 'esm', chunkFileNames: 'dist/[name]-[hash].js' })
  await bundle.close()
  for (const name of ['bin', 'package.json'])
    cpSync(join(ROOT, name), join(UNFINISHED, name), { recursive: true })
  await rename(UNFINISHED, FINISHED)
}

/** Modules find other files, such as package.json, from where they were. */
const originalUrls: Plugin = {
  name: 'original-urls',
  transform: {
    filter: { id: /\.ts$/, code: 'import.meta.url' },
    handler: (code, id) => code.replaceAll('import.meta.url', JSON.stringify(pathToFileURL(id).href)),
  },
}
