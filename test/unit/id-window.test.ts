import { expect, test } from 'vitest'
import { createIdWindow } from '../../src/broadcast/store/id-window.ts'

/** Adds IDs. Returns the new ones. */
const addAll = (window: ReturnType<typeof createIdWindow>, ids: readonly number[], now = 0) =>
  ids.filter((id) => window.add(id, now))

test('without gaps, nothing is read twice', () => {
  const window = createIdWindow()
  expect(window.startAfter(0)).toBe(0)
  expect(addAll(window, [5, 6, 7])).toEqual([5, 6, 7])
  expect(window.startAfter(0)).toBe(7)
})

test('a missing ID is awaited, and new when it appears; the others are not', () => {
  const window = createIdWindow()
  addAll(window, [1, 2, 4, 6])
  expect(window.startAfter(0)).toBe(2)
  expect(addAll(window, [3, 4, 6, 7])).toEqual([3, 7])
  expect(window.startAfter(0)).toBe(4)
  expect(addAll(window, [5, 6, 7])).toEqual([5])
  expect(window.startAfter(0)).toBe(7)
})

test('a missing ID is given up after five seconds', () => {
  const window = createIdWindow()
  addAll(window, [1, 3])
  expect(window.startAfter(5_000)).toBe(1)
  expect(window.startAfter(5_001)).toBe(3)
})

test('a jump of a sequence makes it wait for a hundred IDs, not for all', () => {
  const window = createIdWindow()
  addAll(window, [1, 1_000_000])
  expect(window.startAfter(0)).toBe(999_899)
})
