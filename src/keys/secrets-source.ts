import type { Store } from '../store/contract.ts'
import type { ManagedKeys } from './managed.ts'
import type { Secrets } from './secrets.ts'

/** Loads the secrets of an issuer. */
export interface SecretsSource {
  /** For messages: `the directory ./secrets`. */
  readonly description: string
  /** The directory that `consulate keys` manages, or undefined if the secrets come from elsewhere. */
  readonly directory?: string
  /** The keys that `consulate keys` manages elsewhere than in a directory. */
  readonly managed?: ManagedKeys
  /** Called when a server starts, after the tables are up to date and before `load`. May create what is missing. */
  prepare?(): Promise<void>
  /** Loads the secrets. Throws `ConfigError` if they are missing or unreadable. */
  load(): Promise<Secrets>
  /**
   * Returns a text that changes when the secrets may have changed. Running servers call it every 5 seconds, so it must be
   * cheap. Without it, the secrets are loaded only once, when the server starts.
   */
  version?(): Promise<string>
}

/** Creates a source of secrets for a server, with its store and its issuer. */
export type SecretsFactory = (context: {
  readonly store: Pick<Store, 'sealedSecrets' | 'fingerprints'>
  readonly issuer: string
}) => SecretsSource
