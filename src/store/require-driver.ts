import { ConfigError } from '../errors.ts'
import { isInstalled, notInstalled } from '../lib/optional-package.ts'

/** @throws ConfigError if the package of a driver is not installed */
export function requireDriver(path: string, name: string): void {
  if (!isInstalled(name)) throw new ConfigError([{ path, message: notInstalled(name) }])
}
