/** Pseudorandom numbers, repeatable by seed. */
export interface Random {
  /** Returns an integer from 0 to `bound` - 1. */
  below(bound: number): number
  /** Returns true with this probability. */
  chance(probability: number): boolean
  pick<Item>(list: readonly [Item, ...Item[]]): Item
  pick<Item>(list: readonly Item[]): Item | undefined
}

/** Creates a mulberry32 generator: small, fast and random enough to choose mutations. */
export function createRandom(seed: number): Random {
  let state = seed >>> 0
  const next = (): number => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
  const below = (bound: number): number => Math.floor(next() * bound)
  return {
    below,
    chance: (probability) => next() < probability,
    pick: <Item>(list: readonly Item[]) => list[below(list.length)] as Item,
  }
}

/** Hashes a text (FNV-1a) to a seed. Each request has its own, so it can be repeated without the earlier ones. */
export function seedOf(text: string): number {
  let hash = 0x811c9dc5
  for (const byte of Buffer.from(text)) hash = Math.imul(hash ^ byte, 0x01000193) >>> 0
  return hash
}
