import { LRUCache } from 'lru-cache'
import type { Clock } from '../lib/clock.ts'
import type { Client } from '../model/client.ts'
import { importedClientId } from '../model/imported-token.ts'
import type { ClientStore } from '../store/clients.ts'

/** Clients by id, cached briefly so that token requests need no query for them. */
export interface ClientCache {
  /** Finds a client by its ID, or by the plain number that it had in Passport. */
  find(id: string): Promise<Client | undefined>
  /** Drops a client that this node changed. */
  forget(id: string): void
}

const MAX_CLIENTS = 5_000
/** In characters. A larger client counts as several: users can register apps of 80 kB, and find many of them. */
const CLIENT_SIZE = 8192

/**
 * Creates a cache of clients, of at most 40 million characters. Changes by other nodes take effect after `lifetime`
 * milliseconds. A revoked client gains nothing by that, because rows and tokens contain its epoch. Unknown ids are not cached.
 */
export function createClientCache(
  clients: Pick<ClientStore, 'find'>,
  clock: Clock,
  lifetime: number,
): ClientCache {
  const known = new LRUCache<string, { client: Client; since: number }>({
    maxSize: MAX_CLIENTS,
    sizeCalculation: ({ client }) => Math.ceil(JSON.stringify(client).length / CLIENT_SIZE),
  })
  // If the clock is set back, nothing stays cached for longer.
  const isFresh = (since: number): boolean => since <= clock.now() && clock.now() < since + lifetime
  return {
    async find(named) {
      const id = importedClientId(named)
      const hit = known.get(id)
      if (hit && isFresh(hit.since)) return hit.client
      // The row may change while the answer is on its way.
      const since = clock.now()
      const client = await clients.find(id)
      if (client) known.set(id, { client, since })
      return client
    },
    forget: (id) => void known.delete(id),
  }
}
