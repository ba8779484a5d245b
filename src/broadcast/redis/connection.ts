import { setTimeout as sleep } from 'node:timers/promises'
import type { OutageLog } from '../../lib/outage-log.ts'
import type { RedisLink } from './client.ts'
import type { Outbox } from './outbox.ts'

/** What a connection is used for. */
export interface Traffic {
  readonly channel: string
  readonly deliver: (message: string) => void
  /** Called each time that a connection was opened. */
  readonly onConnected?: () => void
  /** Undefined for a service that only listens. */
  readonly outbox?: Outbox
}

/** How often a connection without messages is checked (ms). */
const PING_INTERVAL = 1_000
/** A connection that worked for longer than this (ms) may fail once without a line in the log. */
const MIN_UPTIME = 10_000
/** How long to wait before connecting again (ms): at first, and at most. */
const [FIRST_DELAY, LAST_DELAY] = [50, 1_000]

/** Connects, carries messages until the connection fails, and connects again, until it is aborted. Never rejects. */
export async function stayConnected(
  open: () => Promise<RedisLink>,
  traffic: Traffic,
  outageLog: OutageLog,
  signal: AbortSignal,
): Promise<void> {
  let delay = FIRST_DELAY
  let connectedAt = Number.POSITIVE_INFINITY
  const onConnected = (): void => {
    outageLog.recovered()
    traffic.onConnected?.()
    connectedAt = performance.now()
    delay = FIRST_DELAY
  }
  while (!signal.aborted) {
    try {
      await carry(open, traffic, signal, onConnected)
    } catch (error) {
      // If Redis is only restarted, the next attempt connects.
      const hasWorked = performance.now() - connectedAt > MIN_UPTIME
      if (!signal.aborted && !hasWorked) outageLog.failed(error)
    }
    connectedAt = Number.POSITIVE_INFINITY
    traffic.outbox?.clear()
    // Nodes that were disconnected together do not all return at the same moment.
    await pause(delay * (0.5 + Math.random()), signal)
    delay = Math.min(2 * delay, LAST_DELAY)
  }
}

/** Uses two connections, because one that is subscribed cannot send. Rejects if one fails. Resolves if aborted. */
async function carry(
  open: () => Promise<RedisLink>,
  { channel, deliver, outbox }: Traffic,
  signal: AbortSignal,
  onConnected: () => void,
): Promise<void> {
  const links: RedisLink[] = []
  const openOne = async (): Promise<RedisLink> => {
    const link = await open()
    links.push(link)
    return link
  }
  try {
    const listener = await openOne()
    await listener.subscribe(channel, deliver)
    const sender = outbox ? await openOne() : undefined
    const sending = sender && outbox?.send(sender, signal, onConnected)
    if (!sending) onConnected()
    const work = [keepAlive(listener, signal), ...(sending ? [sending] : [])]
    await Promise.race([...work, ...links.map(({ failure }) => failure)])
  } finally {
    for (const link of links) link.close()
  }
}

async function keepAlive(listener: RedisLink, signal: AbortSignal): Promise<void> {
  while (!signal.aborted) {
    await listener.send([['PING']])
    await pause(PING_INTERVAL, signal)
  }
}

const pause = (milliseconds: number, signal: AbortSignal): Promise<void> =>
  sleep(milliseconds, undefined, { signal, ref: false }).catch(() => {})
