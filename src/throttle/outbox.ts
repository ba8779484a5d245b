/** What happened to a key since the last message about it. */
export interface Change {
  readonly added: number
  readonly isCleared: boolean
}

/** Collects changes, and sends them in a limited number of messages. */
export interface Outbox {
  /** Adds a change of a key of a counter: a failure, a clearing, or something else that others must know. */
  add(counter: string, key: string, change: { readonly isFailure?: true; readonly isCleared?: true }): void
}

/** The changes of a message, by counter and key. */
type Changes = ReadonlyMap<string, ReadonlyMap<string, Change>>

/** The least time between two messages (ms): at most 50 a second. */
const INTERVAL = 20
/** The most keys of a counter in a message. More would not fit. */
const MAX_KEYS_PER_MESSAGE = 100
/** The most keys of a counter that wait. Changes of further ones are not sent. */
const MAX_WAITING = 5_000

/** Creates an outbox. The first change is sent when the current work of the process is done, later ones every 20 ms. */
export function createOutbox(send: (changes: Changes) => void): Outbox {
  const waiting = new Map<string, Map<string, Change>>()
  let isScheduled = false

  function flush(): void {
    const changes = new Map([...waiting].map(([counter, keys]) => [counter, takeFirst(keys)]))
    isScheduled = [...changes.values()].some(({ size }) => size > 0)
    if (!isScheduled) return
    send(changes)
    setTimeout(flush, INTERVAL).unref()
  }

  return {
    add(counter, key, { isFailure = false, isCleared = false }) {
      const keys = waiting.get(counter) ?? new Map<string, Change>()
      waiting.set(counter, keys)
      const { added, isCleared: wasCleared } = keys.get(key) ?? { added: 0, isCleared: false }
      if (keys.size >= MAX_WAITING && !keys.has(key)) return
      keys.set(key, {
        added: (isCleared ? 0 : added) + (isFailure ? 1 : 0),
        isCleared: isCleared || wasCleared,
      })
      if (!isScheduled) setImmediate(flush)
      isScheduled = true
    },
  }
}

/** Removes the oldest changes and returns them. */
function takeFirst(keys: Map<string, Change>): ReadonlyMap<string, Change> {
  const taken = new Map(keys.entries().take(MAX_KEYS_PER_MESSAGE))
  for (const key of taken.keys()) keys.delete(key)
  return taken
}
