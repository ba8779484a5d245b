import { setTimeout as sleep } from 'node:timers/promises'
import { waitForShared } from '../../lib/async.ts'
import { runOutsideRequest } from '../../lib/database-wait.ts'
import type { MessageStore, StoredMessage } from '../../store/messages.ts'
import type { MessageCarrier } from '../messages.ts'
import { createIdWindow } from './id-window.ts'
import { createTrimming } from './trimming.ts'

/** What the carrier needs. Times are in milliseconds. */
export interface StoreCarrierOptions {
  readonly store: MessageStore
  /** How often messages of others are read while this node sends none. */
  readonly pollInterval: number
}

/** Carries messages between nodes through their store. */
export interface StoreCarrier extends MessageCarrier {
  /**
   * Writes what is waiting, and then reads what others have written. So of two nodes that do this at the same moment, at least
   * one sees what the other wrote. Throws `StoreUnavailableError`.
   */
  sync(): Promise<void>
  close(): Promise<void>
}

/** Milliseconds until a message is written: one row has all messages of that time. */
const DELAY = 100
/** The least time (ms) between two rows, however many callers wait for `sync`. */
const MIN_INTERVAL = 20
/** Messages that do not fit are lost. */
const MAX_WAITING = 20
/** In characters. */
const MAX_ROW_LENGTH = 60_000
const PAGE_SIZE = 100

/**
 * Creates a carrier. It reads once per `pollInterval`, and writes only if there are messages. When it starts, it reads the
 * messages of the last minutes, so a node that was restarted knows what they say.
 */
export function createStoreCarrier({ store, pollInterval }: StoreCarrierOptions): StoreCarrier {
  const listeners: Parameters<MessageCarrier['subscribe']>[0][] = []
  const window = createIdWindow()
  const trimming = createTrimming(store)
  const waiting: string[] = []
  let hasRead = false
  let startedAt = Number.NEGATIVE_INFINITY
  let running: Promise<void> = Promise.resolve()
  let next: Promise<void> | undefined
  let timer: NodeJS.Timeout | undefined

  function deliver({ text }: StoredMessage): void {
    for (const message of text.split(SEPARATOR)) for (const listener of listeners) listener(message, !hasRead)
  }
  /** Returns the texts of all rows that were read, known ones included. */
  async function read(): Promise<ReadonlySet<string>> {
    const texts = new Set<string>()
    let from = window.startAfter(performance.now())
    let page: readonly StoredMessage[]
    do {
      page = await store.listSince(from, PAGE_SIZE)
      for (const row of page) {
        texts.add(row.text)
        if (window.add(row.id, performance.now())) deliver(row)
      }
      from = page.at(-1)?.id ?? from
    } while (page.length === PAGE_SIZE)
    return texts
  }
  async function exchange(): Promise<void> {
    startedAt = performance.now()
    const rows = joined(waiting.splice(0))
    for (const row of rows) await store.insert(row)
    const texts = await read()
    if (rows.some((row) => !texts.has(row))) {
      // The IDs went back: the database was restored from a backup, or a replica took over.
      window.reset()
      await read()
    }
    hasRead = true
    await trimming.trim(window.newest())
  }
  /** Waits for the exchange in progress, because that may have read already. */
  async function runNext(): Promise<void> {
    await running.catch(() => undefined)
    const pause = startedAt + MIN_INTERVAL - performance.now()
    if (pause > 0) await sleep(pause)
    next = undefined
    running = exchange()
    return running
  }
  const share = (): Promise<void> => (next ??= runOutsideRequest(runNext))
  const sync = (): Promise<void> => waitForShared(share())
  /** A failure needs no log: the revocation feed polls the same database. */
  const syncInBackground = (): void => {
    timer = undefined
    void share().catch(() => undefined)
  }
  const poll = setInterval(syncInBackground, pollInterval).unref()
  syncInBackground()

  return {
    publish(message) {
      if (waiting.length < MAX_WAITING) waiting.push(message)
      timer ??= setTimeout(syncInBackground, DELAY).unref()
    },
    subscribe: (listener) => void listeners.push(listener),
    sync,
    async close() {
      clearInterval(poll)
      clearTimeout(timer)
      await (waiting.length > 0 ? sync() : (next ?? running)).catch(() => undefined)
    },
  }
}

/** Signed messages do not contain it. */
const SEPARATOR = '\n'

/** Joins messages to as few rows as possible. */
function joined(messages: readonly string[]): readonly string[] {
  const rows: string[] = []
  for (const message of messages) {
    const last = rows.at(-1)
    if (last !== undefined && last.length + message.length < MAX_ROW_LENGTH)
      rows[rows.length - 1] = last + SEPARATOR + message
    else if (message.length <= MAX_ROW_LENGTH) rows.push(message)
  }
  return rows
}
