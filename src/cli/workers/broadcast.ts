import type { Broadcast } from '../../broadcast/broadcast.ts'
import { createLossySender } from './channel.ts'
import type { PrimaryMessage } from './messages.ts'

/** Carries messages between the workers of a server. The primary process passes them on. */
export const workerBroadcast: Broadcast = {
  reach: 'machine',
  open() {
    const send = createLossySender(process)
    const listeners: ((message: PrimaryMessage) => void)[] = []
    return {
      publish: (text) => send({ kind: 'broadcast', text }),
      subscribe(listener) {
        const onMessage = (message: PrimaryMessage): void => {
          if (message.kind === 'broadcast') listener(message.text)
        }
        listeners.push(onMessage)
        process.on('message', onMessage)
      },
      get problem() {
        return process.connected ? undefined : 'the primary process is gone'
      },
      async close() {
        for (const listener of listeners) process.off('message', listener)
      },
    }
  },
}
