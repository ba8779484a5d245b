import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import type { Config } from '../config/config.ts'
import { CommandError } from './errors.ts'

const NAMES = ['consulate.config.ts', 'consulate.config.js', 'consulate.config.mjs']

/** The configuration file of a directory: the first there is of `consulate.config.ts`, `.js` and `.mjs`. */
export const findConfigFile = (directory: string): string | undefined =>
  NAMES.map((name) => join(directory, name)).find((path) => existsSync(path))

/** Runs a configuration file and takes its default export. Throws `CommandError` where that is no configuration. */
export async function loadConfigFile(path: string): Promise<Config> {
  const file = (await import(pathToFileURL(path).href)) as { readonly default?: unknown }
  if (isConfig(file.default)) return file.default
  throw new CommandError(
    `${path} exports no configuration: write \`export default defineConfig({ issuer, … })\``,
  )
}

/** That it was meant as one; what is wrong with it, the settings say. A made server has no store to work on. */
const isConfig = (value: unknown): value is Config =>
  typeof value === 'object' && value !== null && ('issuer' in value || 'store' in value) && !('core' in value)
