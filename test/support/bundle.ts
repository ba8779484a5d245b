import { cpSync } from 'node:fs'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { rolldown, type Plugin } from 'rolldown'
import { ROOT } from '../house/repository.ts'
import { oncePerRun } from './once-per-run.ts'

/** Programs of which tests start many processes. Most of their CPU time would be the loading of hundreds of modules. */
const PROGRAMS = {
  'dist/cli/main': 'src/cli/main.ts',
  'dist/serve': 'test/support/serve.ts',
} as const

/**
 * Returns the path of a bundle of a program, which starts in a third of the time. The command line is `bin/consulate.js`,
 * which runs the bundle as it runs the build of an installed package.
 */
export async function programFile(
  path: 'bin/consulate.js' | (typeof PROGRAMS)[keyof typeof PROGRAMS],
): Promise<string> {
  const folder = await oncePerRun('programs', bundle)
  const [name] = Object.entries(PROGRAMS).find(([, source]) => source === path) ?? []
  return join(folder, name === undefined ? path : `${name}.js`)
}

async function bundle(folder: string): Promise<void> {
  const input = Object.fromEntries(Object.entries(PROGRAMS).map(([name, path]) => [name, join(ROOT, path)]))
  const resolve = { conditionNames: ['consulate-source', 'node', 'import'] }
  const bundle = await rolldown({ input, platform: 'node', resolve, plugins: [originalUrls, outsideDrivers] })
  await bundle.write({ dir: folder, format: 'esm', chunkFileNames: 'dist/[name]-[hash].js' })
  await bundle.close()
  for (const name of ['bin', 'package.json'])
    cpSync(join(ROOT, name), join(folder, name), { recursive: true })
}

/** Modules find other files, such as package.json, from where they were. */
const originalUrls: Plugin = {
  name: 'original-urls',
  transform: {
    filter: { id: /\.ts$/, code: 'import.meta.url' },
    handler: (code, id) => code.replaceAll('import.meta.url', JSON.stringify(pathToFileURL(id).href)),
  },
}

/** The bundler cannot include `pg`, whose optional native part is not installed. */
const outsideDrivers: Plugin = {
  name: 'outside-drivers',
  resolveId: {
    filter: { id: /^(?:pg|mysql2)$/ },
    handler: (id) => ({ id: import.meta.resolve(id), external: true }),
  },
}
