import { createRequire } from 'node:module'

/** Returns whether an optional peer of this package is installed. */
export function isInstalled(name: string): boolean {
  try {
    return createRequire(import.meta.url).resolve(name) !== ''
  } catch {
    return false
  }
}

/** What to write about an option that needs a package which is not installed. */
export const notInstalled = (name: string): string => `needs the package ${name}. Run \`npm install ${name}\``
