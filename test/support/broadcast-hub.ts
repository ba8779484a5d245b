import type { Broadcast } from '../../src/broadcast/broadcast.ts'
import type { RevocationEntry } from '../../src/model/revocation.ts'

/** A carrier within this process. It delivers every message to all nodes, the sender included, and remembers it. */
export interface BroadcastHub extends Broadcast {
  readonly messages: readonly string[]
  /** The revocations that nodes recorded. */
  readonly recorded: readonly RevocationEntry[]
  /** Delivers any text, as others with access to the carrier could. */
  inject(message: string): void
}

export function createBroadcastHub(): BroadcastHub {
  const messages: string[] = []
  const recorded: RevocationEntry[] = []
  const listeners: ((message: string) => void)[] = []
  const inject = (message: string): void => {
    for (const listener of listeners) listener(message)
  }
  return {
    messages,
    recorded,
    inject,
    open: () => ({
      publish(message) {
        messages.push(message)
        inject(message)
      },
      subscribe: (listener) => void listeners.push(listener),
      record: (entry) => void recorded.push(entry),
      problem: undefined,
      close: async () => {},
    }),
  }
}
