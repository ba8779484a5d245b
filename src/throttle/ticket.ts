import type { Counter } from './counter.ts'

/** A try that was allowed. It counts as a failure under way until it is settled; only the first settlement counts. */
export interface Ticket {
  readonly blocked?: undefined
  /** It was right: forgets the account's failures, not the address's. */
  succeed(): Promise<void>
  /** It was wrong. */
  fail(): Promise<void>
  /** It was never decided, by an error on our side: not counted. */
  release(): Promise<void>
}

/** Where a try is counted. */
export interface Place {
  readonly counter: Counter
  readonly key: string
}

/** Counts a try under way in every place; only `accounts` forgets its failures upon success. */
export function createTicket(places: readonly Place[], accounts: Counter): Ticket {
  for (const { counter, key } of places) counter.reserve(key)
  let isSettled = false
  const settle = async (then?: (place: Place) => void) => {
    if (isSettled) return
    isSettled = true
    for (const place of places) {
      place.counter.release(place.key)
      then?.(place)
    }
  }
  return {
    succeed: () => settle(({ counter, key }) => counter === accounts && counter.clear(key)),
    fail: () => settle(({ counter, key }) => counter.fail(key)),
    release: () => settle(),
  }
}
