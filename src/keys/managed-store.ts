import { ConfigError } from '../errors.ts'
import type { Store } from '../store/contract.ts'
import type { SealedDocument } from '../store/sealed-secrets.ts'
import { createSecrets } from './generate.ts'
import { createKeySet } from './key-set.ts'
import { resolveKeyType } from './key-material.ts'
import type { GenerateOptions, ManagedKeys, OpenKeyring } from './managed.ts'
import type { Sealer } from './sealing.ts'
import { contentOf, formatContent, replaceKeyring, toSecrets, type Content } from './store-content.ts'

/** The sealed document, opened. */
export interface OpenDocument {
  readonly document: SealedDocument
  readonly content: Content
}

/** How the keys in a store are read and sealed. */
interface StoreKeysOptions {
  readonly store: Pick<Store, 'sealedSecrets'>
  /** Returns undefined if there are none. Throws `ConfigError` if they cannot be opened. */
  read(): Promise<OpenDocument | undefined>
  getSealer(): Promise<Sealer>
}

/** Returns the keys in a store. A change replaces the sealed document only if no other one came first. */
export function createStoreKeys({
  store: { sealedSecrets },
  read,
  getSealer,
}: StoreKeysOptions): ManagedKeys {
  async function write(from: number, content: Content): Promise<boolean> {
    const sealer = await getSealer()
    return sealedSecrets.replace(from, sealer.seal(formatContent(content), from + 1))
  }

  async function replace({ version }: Pick<SealedDocument, 'version'>, content: Content): Promise<void> {
    if (!(await write(version, content)))
      fail('those in the database have just been changed by another command. Try again')
  }

  const readExisting = async (): Promise<OpenDocument> =>
    (await read()) ?? fail('are not in the database. Run `consulate install`')

  return {
    areInStore: true,
    async open() {
      const { document, content } = await readExisting()
      await createKeySet(toSecrets(content))
      return {
        keyring: content.keyring,
        textOf: async ({ file }) => content.files[file] ?? '',
        replace: (keyring, added) => replace(document, replaceKeyring(content, keyring, added)),
      }
    },
    async generate({ force = false, registerFingerprint, ...options }: GenerateOptions = {}) {
      const type = resolveKeyType(options)
      await getSealer()
      const existing = await sealedSecrets.read()
      if (existing && !force) return UNCHANGED
      const { keyring, added, kid, fingerprint } = await createSecrets(type)
      const content = replaceKeyring({ files: {} }, keyring, added)
      if (force) {
        await registerFingerprint?.(fingerprint)
        await replace(existing ?? { version: 0 }, content)
      } else if (!(await write(0, content))) return UNCHANGED
      return { created: true, files: [], kid }
    },
    sealed: {
      async reseal() {
        const { document, content } = await readExisting()
        await replace(document, content)
      },
      copyFrom: async (keys: OpenKeyring) =>
        (await sealedSecrets.read()) === undefined && write(0, await contentOf(keys)),
    },
  }
}

const UNCHANGED = { created: false, files: [], kid: null } as const

function fail(message: string): never {
  throw new ConfigError([{ path: 'secrets', message }])
}
