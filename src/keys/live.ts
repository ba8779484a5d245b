import type { Logger } from '../lib/log.ts'
import { createOutageLog } from '../lib/outage-log.ts'
import { createDerivedKeys, type DerivedKeys } from './derived.ts'
import { createKeySet, type KeySet } from './key-set.ts'
import { createRefreshTokens, type RefreshTokens } from './refresh-token.ts'
import type { SecretsSource } from './secrets.ts'
import { refuseTestSecrets } from './test-secrets.ts'

/** How often a server checks whether its secrets have changed (ms). */
const CHECK_INTERVAL = 5_000

/** Everything that is derived from the secrets of an issuer. */
export interface IssuerKeys {
  readonly keySet: KeySet
  readonly derived: DerivedKeys
  readonly refreshTokens: RefreshTokens
}

export interface LiveOptions {
  readonly logger: Logger
  /** Called before changed secrets are used. Throws to reject them. */
  readonly check: (derived: DerivedKeys) => Promise<void>
  /** Called after changed secrets came into use. */
  readonly onChange?: (keys: { readonly kid: string; readonly secret: string }) => void
}

/** The keys of a running server. Its objects can be kept: they always use the current secrets. */
export interface LiveKeys extends IssuerKeys {
  /** Returns a getter for something that is created from the derived keys, and again after the secrets change. */
  derive<Value>(create: (derived: DerivedKeys) => Value): () => Value
  /**
   * Starts checking every 5 seconds whether the secrets have changed. If the new ones are invalid or rejected, the previous
   * ones stay in use, an error is logged, and the next check tries again.
   */
  start(options: LiveOptions): void
  close(): void
}

/** Loads the secrets of an issuer. Throws `ConfigError` with all their problems. */
export async function createLiveKeys(source: SecretsSource, issuer: string): Promise<LiveKeys> {
  let version = await source.version?.()
  let current = await loadKeys(source, issuer)
  let running: Promise<void> | undefined
  let timer: NodeJS.Timeout | undefined

  async function reloadIfChanged({ check, logger, onChange }: LiveOptions): Promise<void> {
    const newVersion = await source.version?.()
    if (newVersion === version) return
    const keys = await loadKeys(source, issuer)
    await check(keys.derived)
    current = keys
    version = newVersion
    const { keySet, derived } = keys
    const ids = { kid: keySet.currentKid, secret: derived.currentId }
    logger.log('info', 'Keys changed', ids)
    onChange?.(ids)
  }

  return {
    keySet: delegateKeySet(() => current.keySet),
    derived: delegateDerivedKeys(() => current.derived),
    refreshTokens: delegateRefreshTokens(() => current.refreshTokens),
    derive: (create) => createGetter(() => current.derived, create),
    start(options) {
      const outageLog = createOutageLog(options.logger, {
        failed: `Cannot load changed secrets from ${source.description}`,
        recovered: `Loaded changed secrets from ${source.description}`,
      })
      const checkInBackground = (): void => {
        running ??= reloadIfChanged(options)
          .then(outageLog.recovered, outageLog.failed)
          .finally(() => (running = undefined))
      }
      if (source.version) timer = setInterval(checkInBackground, CHECK_INTERVAL).unref()
    },
    close: () => clearInterval(timer),
  }
}

async function loadKeys(source: SecretsSource, issuer: string): Promise<IssuerKeys> {
  const secrets = await source.load()
  const keySet = await createKeySet(secrets)
  refuseTestSecrets(source, secrets, keySet)
  const derived = createDerivedKeys(secrets)
  return { keySet, derived, refreshTokens: createRefreshTokens(derived, issuer) }
}

function createGetter<Value>(
  current: () => DerivedKeys,
  create: (derived: DerivedKeys) => Value,
): () => Value {
  let derived = current()
  let value = create(derived)
  return () => {
    if (derived !== current()) {
      derived = current()
      value = create(derived)
    }
    return value
  }
}

const delegateKeySet = (current: () => KeySet): KeySet => ({
  get algorithm() {
    return current().algorithm
  },
  get currentKid() {
    return current().currentKid
  },
  sign: (type, claims, label) => current().sign(type, claims, label),
  verify: (token, type) => current().verify(token, type),
  isTrusted: (kid) => current().isTrusted(kid),
  jwks: () => current().jwks(),
})

const delegateDerivedKeys = (current: () => DerivedKeys): DerivedKeys => ({
  get fingerprint() {
    return current().fingerprint
  },
  get fingerprints() {
    return current().fingerprints
  },
  get currentId() {
    return current().currentId
  },
  key: (purpose) => current().key(purpose),
  keysById: (purpose) => current().keysById(purpose),
})

const delegateRefreshTokens = (current: () => RefreshTokens): RefreshTokens => ({
  format: (parts) => current().format(parts),
  parse: (token) => current().parse(token),
})
