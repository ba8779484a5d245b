import { cpSync } from 'node:fs'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { rolldown, type Plugin } from 'rolldown'
import { ROOT } from '../house/repository.ts'
import { oncePerRun } from './once-per-run.ts'

/**
 * Programs of which tests start many processes, and what their configuration files import. Most of the CPU time would be the
 * loading of hundreds of modules.
 */
const ENTRIES = {
  'dist/cli/main': 'src/cli/main.ts',
  'dist/index': 'src/index.ts',
  'dist/store/sqlite': 'src/store/sqlite.ts',
  'dist/serve': 'test/support/serve.ts',
  'dist/key-rotation': 'test/flows/key-rotation/node.ts',
} as const

/**
 * Returns the path of a bundle of a program, which starts in a third of the time. The command line is `bin/consulate.js`,
 * which runs the bundle as it runs the build of an installed package.
 */
export async function programFile(
  path: 'bin/consulate.js' | (typeof ENTRIES)[keyof typeof ENTRIES],
): Promise<string> {
  const [name] = Object.entries(ENTRIES).find(([, source]) => source === path) ?? []
  return join(await packageFolder(), name === undefined ? path : `${name}.js`)
}

/** Returns a folder with the package, of which programs import `consulate` and `consulate/sqlite`. */
export const packageFolder = (): Promise<string> => oncePerRun('programs', bundle)

async function bundle(folder: string): Promise<void> {
  const input = Object.fromEntries(Object.entries(ENTRIES).map(([name, path]) => [name, join(ROOT, path)]))
  await bundleSource(input, folder)
  for (const name of ['bin', 'package.json'])
    cpSync(join(ROOT, name), join(folder, name), { recursive: true })
}

/** Bundles source files by their names in the folder. Leaves out packages. */
export async function bundleSource(
  input: Readonly<Record<string, string>>,
  folder: string,
  external: readonly string[] = [],
): Promise<void> {
  const resolve = { conditionNames: ['consulate-source', 'node', 'import'] }
  const isExternal = (id: string): boolean =>
    external.some((name) => id === name || id.startsWith(`${name}/`))
  const bundle = await rolldown({
    input,
    platform: 'node',
    resolve,
    external: isExternal,
    plugins: [originalUrls, outsideDrivers],
  })
  await bundle.write({ dir: folder, format: 'esm', chunkFileNames: 'dist/[name]-[hash].js' })
  await bundle.close()
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
