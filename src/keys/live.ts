import type { Logger } from '../lib/log.ts'
import { createOutageLog } from '../lib/outage-log.ts'
import { createDerivedKeys } from './derived.ts'
import type { DerivedKeys } from './derived.ts'
import { createKeySet } from './key-set.ts'
import type { KeySet } from './key-set.ts'
import { createRefreshTokens } from './refresh-token.ts'
import type { RefreshTokens } from './refresh-token.ts'
import type { SecretsSource } from './secrets.ts'
/** How often (ms) a server looks whether its secrets were replaced. */
const CHECK_INTERVAL = 5_000

/** Everything that is made from the secrets of an issuer. */
export interface IssuerKeys {
  readonly keySet: KeySet
  readonly derived: DerivedKeys
  readonly refreshTokens: RefreshTokens
}

/** How new secrets are taken up. */
export interface LiveOptions {
  readonly logger: Logger
  /** Is asked before new secrets are used; throws where they must not be. */
  readonly check: (derived: DerivedKeys) => Promise<void>
}

/** The keys of a running server. What is in it always works with the present secrets and may be kept. */
export interface LiveKeys extends IssuerKeys {
  /** What is made of the derived keys, made anew once the secrets were replaced. */
  derive<Made>(make: (derived: DerivedKeys) => Made): () => Made
  /**
   * Begins to look every 5 seconds whether the secrets were replaced. New ones are used from one moment to the next;
   * where they are broken or refused the old ones stay, an error is logged, and the next look tries again.
   */
  start(options: LiveOptions): void
  close(): void
}

/** Reads the secrets of an issuer. Throws `ConfigError` with all that is wrong with them. */
export async function createLiveKeys(source: SecretsSource, issuer: string): Promise<LiveKeys> {
  let version = await source.version?.()
  let present = await readKeys(source, issuer)
  let running: Promise<void> | undefined
  let timer: NodeJS.Timeout | undefined

  async function reload({ check, logger }: LiveOptions): Promise<void> {
    const seen = await source.version?.()
    if (seen === version) return
    const keys = await readKeys(source, issuer)
    await check(keys.derived)
    present = keys
    version = seen
    const { keySet, derived } = keys
    logger.log('info', 'The keys were replaced', { kid: keySet.currentKid, secret: derived.currentId })
  }

  return {
    keySet: delegateKeySet(() => present.keySet),
    derived: delegateDerivedKeys(() => present.derived),
    refreshTokens: delegateRefreshTokens(() => present.refreshTokens),
    derive: (make) => followerOf(() => present.derived, make),
    start(options) {
      const outageLog = createOutageLog(options.logger, {
        failed: `Cannot load changed secrets from ${source.description}`,
        recovered: `Loaded changed secrets from ${source.description}`,
      })
      const lookQuietly = (): void => {
        running ??= reload(options)
          .then(outageLog.recovered, outageLog.failed)
          .finally(() => (running = undefined))
      }
      if (source.version) timer = setInterval(lookQuietly, CHECK_INTERVAL).unref()
    },
    close: () => clearInterval(timer),
  }
}

function followerOf<Made>(present: () => DerivedKeys, make: (derived: DerivedKeys) => Made): () => Made {
  let from = present()
  let made = make(from)
  return () => {
    if (from !== present()) {
      from = present()
      made = make(from)
    }
    return made
  }
}

async function readKeys(source: SecretsSource, issuer: string): Promise<IssuerKeys> {
  const secrets = await source.load()
  const keySet = await createKeySet(secrets)
  const derived = createDerivedKeys(secrets)
  return { keySet, derived, refreshTokens: createRefreshTokens(derived, issuer) }
}

/** A key set that is always the present one. */
export const delegateKeySet = (present: () => KeySet): KeySet => ({
  get algorithm() {
    return present().algorithm
  },
  get currentKid() {
    return present().currentKid
  },
  sign: (type, claims, label) => present().sign(type, claims, label),
  verify: (token, type) => present().verify(token, type),
  isTrusted: (kid) => present().isTrusted(kid),
  jwks: () => present().jwks(),
})

/** Derived keys that are always the present ones. */
export const delegateDerivedKeys = (present: () => DerivedKeys): DerivedKeys => ({
  get fingerprint() {
    return present().fingerprint
  },
  get fingerprints() {
    return present().fingerprints
  },
  get currentId() {
    return present().currentId
  },
  key: (purpose) => present().key(purpose),
  keysById: (purpose) => present().keysById(purpose),
})

/** Refresh tokens that are always made and read with the present secrets. */
export const delegateRefreshTokens = (present: () => RefreshTokens): RefreshTokens => ({
  format: (parts) => present().format(parts),
  parse: (token) => present().parse(token),
})
