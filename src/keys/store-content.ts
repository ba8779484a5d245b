import { ConfigError } from '../errors.ts'
import type { NewKey } from './key-material.ts'
import { formatKeyring, parseKeyring, type Keyring, type KeyringEntry } from './keyring.ts'
import type { OpenKeyring } from './managed.ts'
import type { Secrets } from './secrets.ts'

/** What a directory of secrets contains, as one value: the keyring, and the keys by the names of their files. */
export interface Content {
  readonly keyring: Keyring
  readonly files: Readonly<Record<string, string>>
}

export const formatContent = ({ keyring, files }: Content): string =>
  JSON.stringify({ keyring: formatKeyring(keyring), files })

/** Throws `ConfigError` if the text is invalid, which only a defect of this program can cause. */
export function parseContent(text: string): Content {
  const { keyring, files } = JSON.parse(text) as {
    readonly keyring: string
    readonly files: Content['files']
  }
  const parsed = parseKeyring(keyring)
  if (parsed) return { keyring: parsed, files }
  throw new ConfigError([{ path: 'secrets', message: 'those in the database have an invalid keyring' }])
}

/** Returns the content with this keyring: with the keys that were added, without those that are no longer listed. */
export function replaceKeyring(
  { files }: Pick<Content, 'files'>,
  keyring: Keyring,
  added: readonly NewKey<KeyringEntry>[],
): Content {
  const texts = new Map([
    ...Object.entries(files),
    ...added.map(({ entry, text }): [string, string] => [entry.file, text]),
  ])
  const listed = [...keyring.signing, ...keyring.secrets].map(({ file }) => [file, texts.get(file) ?? ''])
  return { keyring, files: Object.fromEntries(listed) as Content['files'] }
}

/** Copies the content of keys that are kept elsewhere. */
export async function contentOf({ keyring, textOf }: OpenKeyring): Promise<Content> {
  const entries = [...keyring.signing, ...keyring.secrets]
  const texts = await Promise.all(entries.map(async (entry) => [entry.file, await textOf(entry)] as const))
  return { keyring, files: Object.fromEntries(texts) }
}

export const toSecrets = ({ keyring, files }: Content): Secrets => ({
  signingKeys: keyring.signing.map(({ algorithm, ...entry }) => ({
    privateKey: files[entry.file] ?? '',
    algorithm,
    ...statusOf(entry),
  })),
  secrets: keyring.secrets.map((entry) => ({ value: files[entry.file] ?? '', ...statusOf(entry) })),
})

const statusOf = ({ state, createdAt, retiredAt }: KeyringEntry): Omit<KeyringEntry, 'file'> => ({
  state,
  createdAt,
  ...(retiredAt !== undefined && { retiredAt }),
})
