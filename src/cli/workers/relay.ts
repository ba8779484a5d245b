import cluster, { type Worker } from 'node:cluster'
import { createLossySender } from './channel.ts'
import type { WorkerMessage } from './messages.ts'

/** Passes each broadcast message of a worker on to all others. */
export function relayBroadcasts(): void {
  const senders = new Map<Worker, (message: object) => void>()
  cluster.on('fork', (worker) => senders.set(worker, createLossySender(worker.process)))
  cluster.on('exit', (worker) => senders.delete(worker))
  cluster.on('message', (from, message: WorkerMessage) => {
    if (message.kind !== 'broadcast') return
    for (const [worker, send] of senders) if (worker !== from) send(message)
  })
}
