import { LRUCache } from 'lru-cache'
import type { Clock } from '../lib/clock.ts'
import { randomId } from '../lib/hash.ts'
import type { Logger } from '../lib/log.ts'
import { atMost } from '../lib/lru.ts'
import { createValueSigner, type ValueSigner } from '../lib/signed-value.ts'
import type { Topic } from './topic.ts'

/** A value that survives JSON unchanged. */
export type Payload =
  | string
  | number
  | boolean
  | null
  | readonly Payload[]
  | { readonly [name: string]: Payload }

/** Signed messages between the nodes of a server. They may be lost. */
export interface NodeMessages {
  /** Sends a message to the other nodes. Returns immediately. */
  publish(topic: Topic, payload: Payload): void
  /**
   * Adds a listener for the messages of other nodes. It receives each message at most once, in the order of its sender, and
   * none of this node's own, forged or old ones. Payloads can come from another version of this package.
   */
  subscribe(topic: Topic, listener: (payload: unknown) => void): void
  /**
   * Waits until others can read what was published, and delivers what they have published by now, if the carrier can tell.
   * Throws `StoreUnavailableError`.
   */
  sync(): Promise<void>
}

/** What carries messages: the connection of a broadcast, the store, or both. */
export interface MessageCarrier {
  publish(message: string): void
  /** Messages with `isBacklog` were sent before this node started, perhaps long before. */
  subscribe(listener: (message: string, isBacklog?: boolean) => void): void
  /** Sends what is waiting, and delivers what others have sent by now. Undefined if messages simply arrive. */
  sync?(): Promise<void>
}

export interface NodeMessagesOptions {
  readonly connection: MessageCarrier
  /** Returns the keys: the first one signs, all of them verify. */
  readonly keys: () => readonly [Buffer, ...Buffer[]]
  readonly issuer: string
  readonly clock: Clock
  readonly logger: Logger
}

/** A message before it is signed. */
type Envelope = readonly [issuer: string, topic: string, node: string, sequence: number, payload: Payload]

/** How long a message is accepted (ms). Longer than clocks differ. */
const LIFETIME = 120_000
/** Longer messages are rejected unread. In characters. */
const MAX_LENGTH = 65_536
/** The number of nodes whose last message is remembered. */
const MAX_NODES = 1_000
/** How often a rejected message is logged (ms). */
const WARNING_INTERVAL = 60_000

/**
 * Creates the messages of one node. Write access to the carrier is not enough to send one: each is signed with a key that
 * is derived from the root secret. A copy that is sent again is rejected too: each node numbers its messages, and an old one
 * expires. The topic comes before the signed part, so that listeners without the key can tell messages apart.
 */
export function createNodeMessages(options: NodeMessagesOptions): NodeMessages {
  const { connection, issuer } = options
  const node = randomId()
  const signer = createSigner(options)
  const reject = createRejectionLog(options.logger)
  const isNew = createReplayCheck(node)
  const listeners = new Map<string, ((payload: unknown) => void)[]>()
  let sequence = 0
  connection.subscribe((message, isBacklog = false) => {
    const [topic = '', signed = ''] = splitTopic(message)
    const interested = listeners.get(topic)
    if (!interested) return
    const envelope = message.length > MAX_LENGTH ? undefined : signer().verify(signed)
    if (envelope?.[0] !== issuer || envelope[1] !== topic) return isBacklog ? undefined : reject()
    if (isNew(envelope)) for (const listener of interested) listener(envelope[4])
  })
  return {
    publish(topic, payload) {
      sequence += 1
      connection.publish(`${topic}.${signer().sign([issuer, topic, node, sequence, payload])}`)
    },
    subscribe(topic, listener) {
      listeners.set(topic, [...(listeners.get(topic) ?? []), listener])
    },
    sync: async () => connection.sync?.(),
  }
}

/** Creates the signer again when the keys change. */
function createSigner({ keys, clock }: NodeMessagesOptions): () => ValueSigner<Envelope> {
  let known = keys()
  const create = () => createValueSigner<Envelope>({ keys: known, lifetime: LIFETIME, clock })
  let signer = create()
  return () => {
    const current = keys()
    if (current !== known) {
      known = current
      signer = create()
    }
    return signer
  }
}

const splitTopic = (message: string): readonly string[] => {
  const end = message.indexOf('.')
  return end < 0 ? [] : [message.slice(0, end), message.slice(end + 1)]
}

/** Returns whether a message is from another node, and newer than all that came from it. */
function createReplayCheck(self: string): (envelope: Envelope) => boolean {
  const latest = new LRUCache<string, number>(atMost(MAX_NODES))
  return ([, , node, sequence]) => {
    if (node === self || sequence <= (latest.get(node) ?? 0)) return false
    latest.set(node, sequence)
    return true
  }
}

/** A flood of forged messages must not become a flood of log lines. */
function createRejectionLog(logger: Logger): () => void {
  let loggedAt = Number.NEGATIVE_INFINITY
  return () => {
    if (performance.now() - loggedAt < WARNING_INTERVAL) return
    loggedAt = performance.now()
    logger.log('warn', 'Rejected a broadcast message with an invalid signature or an old timestamp')
  }
}
