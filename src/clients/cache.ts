import { LRUCache } from 'lru-cache'
import type { Clock } from '../lib/clock.ts'
import type { Client } from '../model/client.ts'
import type { ClientStore } from '../store/contract.ts'

/** Clients by id, remembered for a moment so that a token request need not ask the database who is asking. */
export interface ClientCache {
  find(id: string): Promise<Client | undefined>
  /** Forgets a client that this node has changed. */
  forget(id: string): void
}

const MAX_CLIENTS = 5_000

/**
 * Makes a cache of clients. What another node changes is seen after `lifetime` (ms); a client that was revoked
 * meanwhile gains nothing, because rows and tokens carry its epoch. Unknown ids are never remembered.
 */
export function createClientCache(
  clients: Pick<ClientStore, 'find'>,
  clock: Clock,
  lifetime: number,
): ClientCache {
  const known = new LRUCache<string, { client: Client; since: number }>({ max: MAX_CLIENTS })
  // A clock that is set back must not prolong what is remembered.
  const isYoung = (since: number): boolean => since <= clock.now() && clock.now() < since + lifetime
  return {
    async find(id) {
      const hit = known.get(id)
      if (hit && isYoung(hit.since)) return hit.client
      const client = await clients.find(id)
      if (client) known.set(id, { client, since: clock.now() })
      else known.delete(id)
      return client
    },
    forget: (id) => void known.delete(id),
  }
}
