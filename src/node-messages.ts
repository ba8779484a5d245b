import { createNodeMessages, type NodeMessages } from './broadcast/messages.ts'
import { createStoreCarrier } from './broadcast/store/carrier.ts'
import { withStore } from './broadcast/store/fallback.ts'
import type { Services } from './endpoints/services.ts'
import type { LiveKeys } from './keys/live.ts'

/** The messages of this node, until it closes. */
export interface OpenNodeMessages extends NodeMessages {
  close(): Promise<void>
}

/** Connects this node with the others: by the broadcast, if there is one, and by the store where that does not reach them. */
export function openNodeMessages({
  settings,
  store,
  broadcast,
  liveKeys,
}: Pick<Services, 'settings' | 'store' | 'broadcast'> & { readonly liveKeys: LiveKeys }): OpenNodeMessages {
  const carrier = createStoreCarrier({ ...settings, store: store.messages })
  const reachesAll = settings.broadcast !== undefined && settings.broadcast.reach === undefined
  const keys = liveKeys.derive((derived): readonly [Buffer, ...Buffer[]] => [
    derived.key('broadcast'),
    ...derived.keysById('broadcast').values(),
  ])
  const messages = createNodeMessages({
    ...settings,
    connection: withStore(broadcast, carrier, reachesAll),
    keys,
  })
  return { ...messages, close: carrier.close }
}
