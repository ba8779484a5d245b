import { isDeepStrictEqual } from 'node:util'
import type { EventMap } from '../event-map.ts'
import type { Emission, Events } from '../events.ts'
import type { Client } from '../model/client.ts'
import type { ClientStore } from '../store/clients.ts'
import type { ClientCache } from './cache.ts'

/** Who changes a client: its owner on a page or through the API, your own code, the configuration, or the command line. */
export interface ClientActor {
  readonly by: 'owner' | 'app' | 'configuration' | 'command_line'
  /** The request that causes the change, if there is one. */
  readonly requestId?: string
}

interface AnnouncingStoreOptions {
  readonly store: Pick<ClientStore, 'insert' | 'update'>
  readonly events: Pick<Events, 'commit'> | undefined
  readonly cache: Pick<ClientCache, 'forget'> | undefined
}

/** Returns the payload of an event about a client. */
export const payloadOf = (
  { id, ownerId }: Pick<Client, 'id' | 'ownerId'>,
  { by, requestId = null }: { readonly by: ClientActor['by']; readonly requestId?: string | null },
): EventMap['client.created'] => ({ requestId, clientId: id, by, sub: ownerId })

/** Returns a store that emits the events of what an actor changes, and drops changed clients from this node's cache. */
export function announcingStore(
  { store, events, cache }: AnnouncingStoreOptions,
  actor: ClientActor,
): Pick<ClientStore, 'insert' | 'update'> {
  const commit: Events['commit'] = (write, emissionsOf) =>
    events ? events.commit(write, emissionsOf) : write()
  return {
    insert: (client, limits) =>
      commit(
        () => store.insert(client, limits),
        (outcome) => (outcome === 'inserted' ? [['client.created', payloadOf(client, actor)]] : []),
      ),
    async update(id, changes) {
      let before: Client | undefined
      const updated = await commit(
        () =>
          store.update(id, (current) => {
            before = current
            return typeof changes === 'function' ? changes(current) : changes
          }),
        (after) => (before && after ? changeOf(before, after, actor) : []),
      )
      cache?.forget(id)
      return updated
    },
  }
}

/** Returns what happened to a client: its secrets changed, anything else, both or nothing. */
function changeOf(before: Client, after: Client, actor: ClientActor): readonly Emission[] {
  const payload = payloadOf(after, actor)
  const isRotated = !isDeepStrictEqual(before.secrets, after.secrets)
  const isUpdated = !isDeepStrictEqual({ ...before, secrets: [] }, { ...after, secrets: [] })
  return [
    ...(isUpdated ? ([['client.updated', payload]] as const) : []),
    ...(isRotated ? ([['client.secret-rotated', payload]] as const) : []),
  ]
}
