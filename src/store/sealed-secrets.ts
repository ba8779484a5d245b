/** A sealed document. */
export interface SealedDocument {
  /** 1 for the first document. Each replacement adds 1. */
  readonly version: number
  /** JSON that only holders of the sealing secret can use. */
  readonly sealed: string
}

/** The sealed secrets of `secretsFromStore()`: one document, which is only replaced as a whole. */
export interface SealedSecretStore {
  /** Returns the document, if there is one. Running servers call it every 5 seconds. */
  read(): Promise<SealedDocument | undefined>
  /**
   * Replaces the document only if its version is `from` (0 if there is none yet). The new version is `from + 1`. Durable.
   * Returns whether it did.
   */
  replace(from: number, sealed: string): Promise<boolean>
}
