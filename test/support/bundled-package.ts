import { cpSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import { ROOT } from '../house/repository.ts'
import { bundleSource } from './bundle.ts'
import { oncePerRun } from './once-per-run.ts'

interface Manifest {
  readonly exports: Readonly<Record<string, string | Readonly<Record<'consulate-source', string>>>>
  readonly peerDependencies: Readonly<Record<string, string>>
}

/** What examples have of their own. */
const LEFT_OUT = new Set(['.next', '.tests', 'dist', 'generated', 'node_modules'])

/**
 * Returns a folder with a bundle of the package, which programs below it import by its name, and with the examples. Most of
 * the CPU time of a program would be the loading of hundreds of modules.
 */
export const bundledPackage = (): Promise<string> => oncePerRun('bundled-package', bundle)

async function bundle(folder: string): Promise<void> {
  const { exports, peerDependencies } = JSON.parse(
    readFileSync(join(ROOT, 'package.json'), 'utf8'),
  ) as Manifest
  const sources = Object.entries(exports).flatMap(([name, target]) =>
    typeof target === 'string' ? [] : [[name, target['consulate-source']] as const],
  )
  const bundles = sources.map(([name, source]) => [name, source.replace(/\.ts$/, '.js')] as const)
  const input = sources.map(([, source]) => [source.replace(/^\.\/|\.ts$/g, ''), join(ROOT, source)] as const)
  await bundleSource(Object.fromEntries(input), folder, [...Object.keys(peerDependencies), 'next'])
  const manifest = { name: 'consulate', type: 'module', exports: Object.fromEntries(bundles) as object }
  writeFileSync(join(folder, 'package.json'), JSON.stringify(manifest))
  symlinkSync(join(ROOT, 'node_modules'), join(folder, 'node_modules'))
  const filter = (path: string): boolean => !LEFT_OUT.has(basename(path))
  cpSync(join(ROOT, 'examples'), join(folder, 'examples'), { recursive: true, filter })
}
