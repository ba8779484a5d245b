/** What happened to a key since the last message about it. */
export interface Change {
  readonly added: number
  readonly isCleared: boolean
}

/** Collects changes, and sends them in a limited number of messages. */
export interface Outbox {
  /** Adds a change of a key of a counter: a failure, a clearing, or something else that others must know. */
  add(counter: string, key: string, change: { readonly isFailure?: true; readonly isCleared?: true }): void
  /** Sends the changes of a key immediately, with others that fit. */
  flush(counter: string, key: string): void
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

  /** Returns whether there was anything to send. */
  function sendSome(first?: { readonly counter: string; readonly key: string }): boolean {
    const changes = new Map(
      [...waiting].map(([counter, keys]) => [
        counter,
        takeSome(keys, counter === first?.counter ? first.key : undefined),
      ]),
    )
    const isAny = [...changes.values()].some(({ size }) => size > 0)
    if (isAny) send(changes)
    return isAny
  }
  function sendRegularly(): void {
    isScheduled = sendSome()
    if (isScheduled) setTimeout(sendRegularly, INTERVAL).unref()
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
      if (!isScheduled) setImmediate(sendRegularly)
      isScheduled = true
    },
    flush(counter, key) {
      if (waiting.get(counter)?.has(key)) sendSome({ counter, key })
    },
  }
}

/** Removes the change of a key, if given, and the oldest ones. Returns them. */
function takeSome(keys: Map<string, Change>, first: string | undefined): ReadonlyMap<string, Change> {
  const change = first === undefined ? undefined : keys.get(first)
  const taken = new Map(first !== undefined && change ? [[first, change]] : [])
  for (const [key, value] of keys) {
    if (taken.size >= MAX_KEYS_PER_MESSAGE) break
    taken.set(key, value)
  }
  for (const key of taken.keys()) keys.delete(key)
  return taken
}
