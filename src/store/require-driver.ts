import { createRequire } from 'node:module'
import { ConfigError } from '../errors.ts'

/** @throws ConfigError if the package of a driver is not installed */
export function requireDriver(path: string, name: string): void {
  try {
    createRequire(import.meta.url).resolve(name)
  } catch {
    throw new ConfigError([{ path, message: `needs the package ${name}. Run \`npm install ${name}\`` }])
  }
}
