/** Fingerprints of the root secrets in use. A node whose secret is not among them refuses to start. */
export interface FingerprintStore {
  /** Lists all fingerprints, oldest first. */
  list(): Promise<readonly string[]>
  /** Adds a fingerprint only if there is none. Durable. Returns all fingerprints, oldest first. */
  addFirst(fingerprint: string, now: number): Promise<readonly string[]>
  /** Adds a fingerprint, unless it is there already. Durable. */
  add(fingerprint: string, now: number): Promise<void>
}
