import type { Clock } from '../lib/clock.ts'
import type { Logger } from '../lib/log.ts'
import type { RevocationEntry } from '../model/revocation.ts'

/** The revocations of a server, for a carrier that also keeps a copy of them for readers in other languages. */
export interface LiveRevocations {
  /** Lists the first `limit` unexpired entries with an ID above `cursor`, by ascending ID. */
  list(cursor: number, limit: number): Promise<readonly RevocationEntry[]>
  /** Returns whether this node knows all revocations that were written until a moment ago. */
  isFresh(): boolean
}

/** What a carrier receives when a server starts. */
export interface BroadcastOptions {
  /** Messages reach only the nodes of this issuer. */
  readonly issuer: string
  readonly revocations: LiveRevocations
  readonly clock: Clock
  readonly logger: Logger
}

/**
 * Carries messages between the nodes of one server: `redis('redis://…')` from `consulate/redis`, or your own. Nodes also
 * read everything from the store, so messages may be lost, delayed or duplicated. Each message is signed, so a carrier
 * need not be trusted.
 */
export interface Broadcast {
  /** `'machine'` if messages reach only processes of the same machine. Default: all nodes. */
  readonly reach?: 'machine'
  /**
   * Starts carrying messages, and connects in the background: a server never waits for its carrier. Never throws. Called
   * once for each server.
   */
  open(options: BroadcastOptions): BroadcastConnection
}

/** The connection of one node. */
export interface BroadcastConnection {
  /** Sends a message to the other nodes. Returns immediately. The sender may receive its own messages. */
  publish(message: string): void
  /** Adds a listener for messages. */
  subscribe(listener: (message: string) => void): void
  /**
   * Called with each revocation that is new to this node, from any node, for carriers that keep a copy of them.
   * Returns immediately.
   */
  record?(entry: RevocationEntry): void
  /** Why messages are not carried at the moment; undefined if they are. */
  readonly problem: string | undefined
  /** Sends what is pending, for at most a second, and disconnects. */
  close(): Promise<void>
}

/** Options of `listen`. Outages are logged. */
export interface ListenOptions {
  readonly issuer: string
  readonly logger: Logger
}

/** Lets services that are not nodes listen: `redis('redis://…')` from `consulate/redis`. */
export interface BroadcastSource {
  /**
   * Starts listening, and connects in the background. Never throws. Messages are not verified: use them only as a
   * reason to poll.
   */
  listen(options: ListenOptions, listener: (message: string) => void): BroadcastListener
}

/** A connection that only listens. */
export interface BroadcastListener {
  /** Why it is disconnected; undefined if it is connected. */
  readonly problem: string | undefined
  close(): void
}

/** A connection of a server that has only one node, or whose nodes only read the store. */
export const NO_BROADCAST: BroadcastConnection = {
  publish: () => {},
  subscribe: () => {},
  problem: undefined,
  close: async () => {},
}
