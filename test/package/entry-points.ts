import { readFileSync } from 'node:fs'
import { join } from 'node:path'

interface Manifest {
  readonly exports: Readonly<Record<string, unknown>>
}

const { exports } = JSON.parse(
  readFileSync(join(import.meta.dirname, '../../package.json'), 'utf8'),
) as Manifest

/** All entry points: `consulate`, `consulate/node` and so on. */
export const entryPoints: readonly string[] = Object.keys(exports)
  .filter((name) => name !== './package.json')
  .map((name) => name.replace(/^\./, 'consulate'))

const FRAMEWORKS: Readonly<Record<string, readonly string[]>> = {
  'consulate/express': ['express', '@types/express'],
  'consulate/fastify': ['fastify'],
  'consulate/hono': ['hono'],
  'consulate/koa': ['koa', '@types/koa'],
  'consulate/nest': ['@nestjs/common', 'rxjs'],
}

/** The packages that an entry point needs: a framework, which apps with another one do not have. */
export const frameworksOf = (entryPoint: string): readonly string[] => FRAMEWORKS[entryPoint] ?? []

/** A module that imports entry points. */
export const importAll = (names: readonly string[]): string =>
  names.map((name, index) => `import * as entry${index} from '${name}'\nvoid entry${index}`).join('\n')
