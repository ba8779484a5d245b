import { setTimeout as sleep } from 'node:timers/promises'
import type { OutageLog } from '../../lib/outage-log.ts'
import type { RevocationEntry } from '../../model/revocation.ts'
import type { RedisLink } from './client.ts'
import type { RevocationCopy } from './copy.ts'

/** What a node sends. */
export interface Outbox {
  /** Adds a message. */
  publish(message: string): void
  /** Adds an entry to the copy. */
  record(entry: RevocationEntry): void
  /**
   * Sends what was added, and keeps the copy complete, until the connection fails or the signal is aborted. Calls
   * `onWorking` once Redis has answered the first commands: it can accept connections without that.
   */
  send(link: RedisLink, signal: AbortSignal, onWorking: () => void): Promise<void>
  /** Drops the messages. Nodes have read the same from the store. */
  clear(): void
  /** Resolves when everything was sent, after a second at the latest. */
  flush(): Promise<void>
}

/** The number of messages that wait for a slow Redis. The older half of them is dropped above it. */
const MAX_MESSAGES = 10_000
/** The number of messages that are sent in one go. */
const BATCH_SIZE = 500
/** How often the copy is checked (ms). */
const BEAT_INTERVAL = 1_000
/** How long a flush may take (ms), and how often it checks. */
const [FLUSH_TIMEOUT, FLUSH_INTERVAL] = [1_000, 10]

export function createOutbox(channel: string, copy: RevocationCopy, outageLog: OutageLog): Outbox {
  let messages: string[] = []
  let isBusy = false
  let wake = (): void => {}
  const hasWork = (): boolean => isBusy || messages.length > 0

  /** Writes the keys first, so that a node that receives a message knows that readers see the revocation. */
  async function sendBatch(link: RedisLink): Promise<void> {
    const batch = messages.splice(0, BATCH_SIZE)
    const written = copy.step(link)
    const published = link.send(batch.map((message) => ['PUBLISH', channel, message]))
    const [replies] = await Promise.all([published, written])
    const refused = replies.find(({ error }) => error)?.error
    if (refused) outageLog.failed(refused)
    else if (batch.length > 0) outageLog.recovered()
  }

  const waitFor = (milliseconds: number): Promise<void> =>
    new Promise((resolve) => {
      const timer = setTimeout(resolve, Math.max(milliseconds, 0)).unref()
      wake = () => {
        clearTimeout(timer)
        resolve()
      }
    })

  return {
    publish(message) {
      messages.push(message)
      if (messages.length > MAX_MESSAGES) messages = messages.slice(MAX_MESSAGES / 2)
      wake()
    },
    record(entry) {
      copy.add(entry)
      wake()
    },
    async send(link, signal, onWorking) {
      signal.addEventListener('abort', () => wake(), { once: true })
      await copy.connect(link)
      for (let beatAt = 0; !signal.aborted;) {
        isBusy = true
        await sendBatch(link)
        if (beatAt === 0) onWorking()
        if (performance.now() >= beatAt) {
          beatAt = performance.now() + BEAT_INTERVAL
          await copy.beat(link)
        }
        isBusy = messages.length > 0 || copy.isBusy()
        if (!isBusy) await waitFor(beatAt - performance.now())
      }
    },
    clear: () => void (messages = []),
    async flush() {
      const end = performance.now() + FLUSH_TIMEOUT
      while (hasWork() && performance.now() < end) await sleep(FLUSH_INTERVAL)
    },
  }
}
