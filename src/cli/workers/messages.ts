/** A message from a worker to the primary process. */
export type WorkerMessage =
  /** The worker could not start. The primary prints `text` and, at its own start, exits with `exitCode`. */
  { readonly kind: 'failed'; readonly text: string; readonly exitCode: number } | BroadcastMessage

/** A message from the primary process to a worker. */
export type PrimaryMessage =
  /** `drainTime` (ms): how long to keep accepting requests. */
  { readonly kind: 'stop'; readonly drainTime: number } | BroadcastMessage

/** A message of the `Broadcast`, which the primary passes on to all other workers. */
export interface BroadcastMessage {
  readonly kind: 'broadcast'
  readonly text: string
}
