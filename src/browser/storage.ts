/**
 * Where tokens are kept. `localStorage`, `sessionStorage` and React Native's `AsyncStorage` fit as they are. Methods may
 * return promises, and may throw: the tokens are then kept in memory.
 */
export interface TokenStorage {
  getItem(key: string): string | null | undefined | Promise<string | null | undefined>
  setItem(key: string, value: string): unknown
  removeItem(key: string): unknown
}

/** Storage that never throws. */
export interface SafeStorage {
  read(key: string): Promise<string | null>
  /** Replaces a value; null deletes it. Returns the new value. Updates run one after the other. */
  update(key: string, change: (current: string | null) => string | null): Promise<string | null>
}

/** Wraps the storage of the app. Values that it doesn't accept, or all without one, are kept in memory. */
export function createSafeStorage(
  storage: TokenStorage | undefined,
  onError: (error: unknown) => void,
): SafeStorage {
  const memory = new Map<string, string | null>()
  let last: Promise<unknown> = Promise.resolve()

  async function read(key: string): Promise<string | null> {
    try {
      if (storage && !memory.has(key)) return (await storage.getItem(key)) ?? null
    } catch (error) {
      onError(error)
    }
    return memory.get(key) ?? null
  }

  async function write(target: TokenStorage, key: string, value: string | null): Promise<void> {
    if (value === null) return void (await target.removeItem(key))
    try {
      await target.setItem(key, value)
    } catch (error) {
      // The old refresh token must not stay: used by another tab or after a restart, it would look stolen.
      await target.removeItem(key)
      throw error
    }
  }

  async function replace(key: string, change: (current: string | null) => string | null) {
    const current = await read(key)
    const value = change(current)
    if (value === current) return value
    memory.set(key, value)
    if (!storage) return value
    try {
      await write(storage, key, value)
      memory.delete(key)
    } catch (error) {
      onError(error)
    }
    return value
  }

  return {
    read,
    update(key, change) {
      const result = last.then(() => replace(key, change))
      last = result.catch(() => undefined)
      return result
    },
  }
}
