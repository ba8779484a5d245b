import { generateSecrets } from './generate.ts'
import { openKeyring } from './keyring-update.ts'
import type { ManagedKeys } from './managed.ts'
import type { SecretsSource } from './secrets-source.ts'

/** Returns the keys in a directory. */
export const directoryKeys = (path: string): ManagedKeys => ({
  areInStore: false,
  open: () => openKeyring(path),
  generate: (options) => generateSecrets(path, options),
})

/** Returns the keys of a source, or undefined if the operator manages them. */
export const managedKeysOf = ({ managed, directory }: SecretsSource): ManagedKeys | undefined =>
  managed ?? (directory === undefined ? undefined : directoryKeys(directory))
