import { StoreUnavailableError } from '../errors.ts'
import type { Store } from '../store/contract.ts'

/** Calls a method of the store, which `operation` names, and returns its result. */
export type ObserveCall = <Result>(operation: string, run: () => Promise<Result>) => Promise<Result>

/** Returns a store whose calls are observed, by names such as `authorizations.find`. */
export const observeStore = (store: Store, observe: ObserveCall): Store =>
  withCached(store, (name, part) =>
    typeof part === 'object' && part !== null ? observePart(name, part, observe) : part,
  )

type Method = (...given: readonly unknown[]) => Promise<unknown>

const observePart = (name: string, part: object, observe: ObserveCall): object =>
  withCached(part, (key, value) => {
    if (typeof value !== 'function') return value
    // Looked up for each call: tests replace methods of a running store.
    const call = (given: readonly unknown[]) => (Reflect.get(part, key) as Method).call(part, ...given)
    return (...given: readonly unknown[]) => observe(`${name}.${key}`, () => call(given))
  })

/** Replaces the members of an object, also those that it inherits. */
function withCached<Target extends object>(
  target: Target,
  replace: (name: string, value: unknown) => unknown,
): Target {
  const cache = new Map<string | symbol, unknown>()
  return new Proxy(target, {
    get(object, key) {
      if (!cache.has(key)) cache.set(key, replace(String(key), Reflect.get(object, key)))
      return cache.get(key)
    },
  })
}

/** Returns what kind of failure a call of the store had. */
export const failureOf = (error: unknown): 'unavailable' | 'other' =>
  error instanceof StoreUnavailableError ? 'unavailable' : 'other'
