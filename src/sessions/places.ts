import { setMaxListeners } from 'node:events'
import type { Logger } from '../lib/log.ts'

/**
 * Returns the place of an IP address as users read it, or undefined if it is unknown. `signal` is aborted after a second,
 * when the answer is no longer waited for.
 */
export type Locate = (
  address: string,
  options: { readonly signal: AbortSignal },
) => string | undefined | Promise<string | undefined>

/** Finds the places of IP addresses. */
export interface Places {
  /**
   * Returns the places of at most 100 addresses, by address. Takes at most a second: places that are not found by then
   * are omitted. Never rejects.
   */
  find(addresses: readonly string[]): Promise<ReadonlyMap<string, string>>
}

/** What the places need. */
export interface PlacesOptions {
  readonly locate: Locate | undefined
  readonly logger: Logger
}

/** Milliseconds. */
const TIME_LIMIT = 1000
/** Keeps a user with thousands of devices from flooding the service behind `locate`. */
const MAX_LOOKUPS = 100

/** Creates the places of one server. An outage of `locate` is logged once. */
export function createPlaces({ locate, logger }: PlacesOptions): Places {
  let isDown = false
  const report = (failures: readonly unknown[]): void => {
    const wasDown = isDown
    isDown = failures.length > 0
    if (isDown && !wasDown)
      logger.log('warn', 'Places of addresses are unavailable', { cause: String(failures[0]) })
    if (!isDown && wasDown) logger.log('info', 'Places of addresses are available again')
  }
  return {
    async find(addresses) {
      const places = new Map<string, string>()
      const wanted = [...new Set(addresses)].filter((address) => address !== '').slice(0, MAX_LOOKUPS)
      if (!locate || wanted.length === 0) return places
      const { signal, expiry, stop } = startTimeLimit()
      const lookups = wanted.map(async (address) => {
        const place: unknown = await locate(address, { signal })
        if (typeof place === 'string' && place !== '' && !signal.aborted) places.set(address, place)
      })
      const results = await Promise.allSettled(lookups.map((lookup) => Promise.race([lookup, expiry])))
      stop()
      report(results.flatMap((result) => (result.status === 'rejected' ? [result.reason as unknown] : [])))
      return places
    },
  }
}

/** Starts the time that all lookups of one page have together. */
function startTimeLimit() {
  const controller = new AbortController()
  const { signal } = controller
  // Each lookup may listen to it. Node would warn of a leak from the 11th on.
  setMaxListeners(0, signal)
  const { promise: expiry, reject } = Promise.withResolvers<never>()
  const timer = setTimeout(() => {
    const error = new Error('No answer within a second')
    controller.abort(error)
    reject(error)
  }, TIME_LIMIT)
  return { signal, expiry, stop: () => clearTimeout(timer) }
}
