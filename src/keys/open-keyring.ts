import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { ConfigError } from '../errors.ts'
import { commitKeyring, removeFiles, whileLocked } from './commit.ts'
import { secretsFromDirectory } from './directory.ts'
import { createKeySet } from './key-set.ts'
import { KEYRING_FILE, parseKeyring } from './keyring.ts'
import type { Keyring, KeyringEntry } from './keyring.ts'
import type { New } from './new-secrets.ts'

/** The keyring of a directory as it was read, to be replaced by what follows from it. */
export interface OpenKeyring {
  readonly keyring: Keyring
  /** The text of a key's file. */
  textOf(entry: KeyringEntry): Promise<string>
  /**
   * Puts another keyring in force, with new keys in it, and removes the files of those that are gone. Throws
   * `ConfigError` where the keyring is not the one that was read any more.
   */
  replace(keyring: Keyring, added: readonly New<KeyringEntry>[]): Promise<void>
}

/**
 * Reads a keyring in order to replace it. Throws `ConfigError` where there is none and where a server could not start
 * with it: what is broken is not to be rotated away.
 */
export async function openKeyring(path: string): Promise<OpenKeyring> {
  await createKeySet(await secretsFromDirectory(path).load())
  const text = await readText(path)
  const keyring = parseKeyring(text) ?? fail(`${path} ${NO_KEYRING}`)
  return {
    keyring,
    textOf: ({ file }) => readFile(join(path, file), 'utf8'),
    replace: (successor, added) =>
      whileLocked(path, async () => {
        if ((await readText(path)) !== text) fail(`the keys in ${path} were just replaced by another command`)
        await commitKeyring(path, { keyring: successor, added, replace: true })
        await removeFiles(path, entriesOf(keyring).filter(isNotIn(successor)))
      }),
  }
}

const NO_KEYRING =
  `has keys of your own and no ${KEYRING_FILE}: these are rotated by hand, through the environment ` +
  '(CONSULATE_NEXT_PRIVATE_KEYS, CONSULATE_NEXT_SECRETS)'

const readText = (path: string): Promise<string> =>
  readFile(join(path, KEYRING_FILE), 'utf8').catch((error: unknown) => {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return ''
    throw error
  })

const entriesOf = ({ signing, secrets }: Keyring): readonly KeyringEntry[] => [...signing, ...secrets]

function isNotIn(keyring: Keyring): (entry: KeyringEntry) => boolean {
  const files = new Set(entriesOf(keyring).map(({ file }) => file))
  return ({ file }) => !files.has(file)
}

function fail(message: string): never {
  throw new ConfigError([{ path: 'secrets', message }])
}
