/** The part of a `Map` that revocations need, for millions of keys. */
export interface ShardedMap<Value> {
  readonly size: number
  get(key: string): Value | undefined
  has(key: string): boolean
  set(key: string, value: Value): void
  delete(key: string): void
  /** Includes entries that are added during the iteration. */
  entries(): Iterable<readonly [string, Value]>
}

/** A power of two. More of them would make lookups slower, because fewer fit into the caches of the processor. */
const SHARDS = 16

/**
 * Creates a map that consists of smaller ones. A `Map` copies all of its entries when it grows or shrinks. With a million of
 * them, requests would wait for a tenth of a second or more.
 */
export function createShardedMap<Value>(): ShardedMap<Value> {
  const shards = Array.from({ length: SHARDS }, () => new Map<string, Value>())
  const shardOf = (key: string): Map<string, Value> => shards[hash(key) & (SHARDS - 1)] as Map<string, Value>
  return {
    get size() {
      return shards.reduce((sum, { size }) => sum + size, 0)
    },
    get: (key) => shardOf(key).get(key),
    has: (key) => shardOf(key).has(key),
    set: (key, value) => void shardOf(key).set(key, value),
    delete: (key) => void shardOf(key).delete(key),
    *entries() {
      for (const shard of shards) yield* shard
    },
  }
}

/** Predictable, which is harmless: chosen keys can only make one of the maps larger. */
function hash(key: string): number {
  let value = 0
  for (let index = 0; index < key.length; index += 1) value = (value * 31 + key.charCodeAt(index)) | 0
  return value
}
