/** Numbers that look random and come again with the same seed. */
export interface Random {
  /** A whole number from 0, below `bound`. */
  below(bound: number): number
  /** Whether it happens, with this probability. */
  chance(probability: number): boolean
  pick<Item>(list: readonly [Item, ...Item[]]): Item
  pick<Item>(list: readonly Item[]): Item | undefined
}

/** Makes numbers from a seed: mulberry32, which is small, quick and good enough to choose mutations by. */
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

/** The seed of one case: each has its own, so that one can be made without those before it. */
export function seedOf(text: string): number {
  let hash = 0x811c9dc5
  for (const byte of Buffer.from(text)) hash = Math.imul(hash ^ byte, 0x01000193) >>> 0
  return hash
}
