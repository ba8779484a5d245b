import { ConfigError } from '../errors.ts'
import { sha256 } from '../lib/hash.ts'
import type { Store } from '../store/contract.ts'
import type { SealedDocument } from '../store/sealed-secrets.ts'
import type { SecretsFactory, SecretsSource } from './secrets-source.ts'
import { checkSealingSecrets, readSealingSecrets } from './sealing-secret.ts'
import { createSealer, type Sealer } from './sealing.ts'
import { parseContent, toSecrets } from './store-content.ts'
import { createStoreKeys, type OpenDocument } from './managed-store.ts'

/** How secrets in the store are sealed. */
export interface StoreSecretsOptions {
  /**
   * The secret that seals them: at least 43 random characters, such as 32 bytes in base64url. A list of several replaces one:
   * the first seals, and all of them open. Default: `CONSULATE_SEALING_SECRET` of the environment, or the file that
   * `CONSULATE_SEALING_SECRET_FILE` names, with several separated by commas or line breaks.
   */
  readonly sealingSecret?: string | readonly string[] | undefined
}

/**
 * Keeps the secrets in the store of the server, encrypted with a sealing secret that is not in it. The first server that
 * starts creates them. A copy of the database alone reveals none of them.
 *
 * Loading throws `ConfigError` if they are missing, or were sealed with another sealing secret or for another issuer.
 */
export const secretsFromStore =
  ({ sealingSecret }: StoreSecretsOptions = {}): SecretsFactory =>
  (context) =>
    openStoreSecrets(context, async () => {
      const given = typeof sealingSecret === 'string' ? [sealingSecret.trim()] : sealingSecret
      return given ?? readSealingSecrets(process.env)
    })

/** Returns the source of a server. The sealing secrets are read once, when they are needed. */
export const openStoreSecrets = (
  { store, issuer }: Parameters<SecretsFactory>[0],
  readSecrets: () => Promise<readonly string[]>,
): SecretsSource =>
  createSource(store, async () => {
    if (issuer === '') fail('issuer', 'is missing. The secrets in the database are bound to it')
    return createSealer(checkSealingSecrets(await readSecrets()), issuer)
  })

type SecretsStore = Pick<Store, 'sealedSecrets' | 'fingerprints'>

function createSource(store: SecretsStore, openSealer: () => Promise<Sealer>): SecretsSource {
  let sealer: Promise<Sealer> | undefined
  let newest: SealedDocument | undefined
  const getSealer = (): Promise<Sealer> => (sealer ??= openSealer())

  async function read(): Promise<OpenDocument | undefined> {
    const opener = await getSealer()
    const document = await store.sealedSecrets.read()
    return document && { document, content: parseContent(opener.open(document)) }
  }

  /** A running server must not be taken back to keys that were dropped since. */
  function rejectOlder(document: SealedDocument): void {
    const isOlder = newest !== undefined && document.version < newest.version
    const isOther = document.version === newest?.version && document.sealed !== newest.sealed
    if (isOlder || isOther) fail('secrets', OLDER)
    newest = document
  }

  const keys = createStoreKeys({ store, read, getSealer })
  return {
    description: 'the database',
    managed: keys,
    async load() {
      const { document, content } = (await read()) ?? fail('secrets', MISSING)
      rejectOlder(document)
      return toSecrets(content)
    },
    async version() {
      const document = await store.sealedSecrets.read()
      return document ? `${document.version}.${sha256(document.sealed)}` : 'none'
    },
    async prepare() {
      // Read first: another node may create the secrets, and only then registers their fingerprint.
      const known = await store.fingerprints.list()
      if (await store.sealedSecrets.read()) return
      if (known.length > 0) fail('secrets', LOST)
      await keys.generate()
    },
  }
}

const MISSING = 'are not in the database yet. Run `consulate install`'

const LOST =
  'are not in the database, which was used with others before. Restore them from a backup, import their directory with ' +
  '`consulate keys --import <directory>`, or run `consulate keys --force`: all tokens become invalid'

const OLDER =
  'those in the database are older than those in use, as after a restored backup. If that was you, restart every server'

function fail(path: string, message: string): never {
  throw new ConfigError([{ path, message }])
}
