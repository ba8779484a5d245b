import type { BroadcastConnection } from '../broadcast.ts'
import type { MessageCarrier } from '../messages.ts'
import { isAbout } from '../topic.ts'
import type { StoreCarrier } from './carrier.ts'

/**
 * Adds the store as a carrier of failures, for the times and nodes that the broadcast does not reach. `reachesAll`: whether
 * it would reach all nodes, if it had no problem. Revocations are in the store anyway.
 */
export const withStore = (
  broadcast: BroadcastConnection,
  store: StoreCarrier,
  reachesAll: boolean,
): MessageCarrier => {
  const needsStore = (): boolean => !reachesAll || broadcast.problem !== undefined
  return {
    publish(message) {
      broadcast.publish(message)
      if (isAbout('failure', message) && needsStore()) store.publish(message)
    },
    subscribe(listener) {
      broadcast.subscribe(listener)
      store.subscribe(listener)
    },
    sync: async () => {
      if (needsStore()) await store.sync()
    },
  }
}
