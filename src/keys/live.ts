import { StoreUnavailableError } from '../errors.ts'
import type { Logger } from '../lib/log.ts'
import { createOutageLog } from '../lib/outage-log.ts'
import { createThrottledRefresh } from '../lib/throttled-refresh.ts'
import { createDerivedKeys, type DerivedKeys } from './derived.ts'
import { unverifiedKeyId } from './jws.ts'
import { createKeySet, type KeySet } from './key-set.ts'
import { createRefreshTokens, type LiveRefreshTokens, type RefreshTokens } from './refresh-token.ts'
import type { SecretsSource } from './secrets-source.ts'
import { refuseTestSecrets } from './test-secrets.ts'

/** How often a server checks whether its secrets have changed (ms). */
const CHECK_INTERVAL = 5_000
/** The minimum time between two checks because of unknown keys (ms). */
const UNKNOWN_KEY_INTERVAL = 250

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
  readonly refreshTokens: LiveRefreshTokens
  /** Returns a getter for something that is created from the derived keys, and again after the secrets change. */
  derive<Value>(create: (derived: DerivedKeys) => Value): () => Value
  /**
   * Starts checking whether the secrets have changed: every 5 seconds, and before a token of an unknown key or secret is
   * rejected. If the new ones are invalid or rejected, the previous ones stay in use, an error is logged, and the next check
   * tries again.
   */
  start(options: LiveOptions): void
  /** Stops checking, and waits for a check that is running. */
  close(): Promise<void>
}

/** Creates missing secrets, if the source does that, and loads those of an issuer. Throws `ConfigError` with all their problems. */
export async function createLiveKeys(source: SecretsSource, issuer: string): Promise<LiveKeys> {
  await source.prepare?.()
  let version = await source.version?.()
  let current = await loadKeys(source, issuer)
  let reload = async (): Promise<void> => {}
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

  function start(options: LiveOptions): void {
    if (!source.version) return
    const outageLog = createOutageLog(options.logger, {
      failed: `Cannot check for changed secrets in ${source.description}`,
      recovered: `Can check for changed secrets in ${source.description} again`,
    })
    reload = () =>
      (running ??= outageLog.watch(() => reloadIfChanged(options)).finally(() => (running = undefined)))
    timer = setInterval(() => void reload().catch(() => {}), CHECK_INTERVAL).unref()
  }

  const refresh = source.version
    ? createThrottledRefresh(() => reload(), UNKNOWN_KEY_INTERVAL)
    : async (): Promise<boolean> => true
  return {
    keySet: delegateKeySet(() => current.keySet, refresh),
    derived: delegateDerivedKeys(() => current.derived),
    refreshTokens: delegateRefreshTokens(() => current.refreshTokens, refresh),
    derive: (create) => createGetter(() => current.derived, create),
    start,
    async close() {
      clearInterval(timer)
      reload = async () => {}
      await running?.catch(() => {})
    },
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

/** Another node may have changed the keys less than one interval ago, so a token of an unknown one is not rejected yet. */
const delegateKeySet = (current: () => KeySet, refresh: () => Promise<boolean>): KeySet => ({
  get algorithm() {
    return current().algorithm
  },
  get currentKid() {
    return current().currentKid
  },
  sign: (type, claims, label) => current().sign(type, claims, label),
  async verify(token, type) {
    const kid = unverifiedKeyId(token)
    if (kid !== undefined && !current().isTrusted(kid) && !(await refresh())) return 'unavailable'
    return current().verify(token, type)
  },
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

const delegateRefreshTokens = (
  current: () => RefreshTokens,
  refresh: () => Promise<boolean>,
): LiveRefreshTokens => ({
  format: (parts) => current().format(parts),
  parse: (token) => current().parse(token),
  hasUnknownSecret: (token) => current().hasUnknownSecret(token),
  async read(token) {
    if (current().hasUnknownSecret(token) && !(await refresh()))
      throw new StoreUnavailableError('The secrets cannot be loaded', undefined)
    return current().parse(token)
  },
})
