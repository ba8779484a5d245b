import { expect, test } from 'vitest'
import { mutate } from './mutations/mutate.ts'
import { NAMES } from './mutations/names.ts'
import { createRandom, seedOf } from './random.ts'
import { draft, toPairs } from './request.ts'
import { readSettings } from './settings.ts'

const pool = { names: NAMES, secrets: ['a secret', 'another secret'] } as const
const valid = draft('/oauth/token', { method: 'POST', body: toPairs({ grant_type: 'x', code: 'y' }) })
const mutations = (seed: number): readonly unknown[] =>
  Array.from({ length: 200 }, (_, index) => mutate(valid, createRandom(seedOf(`${seed}:${index}`)), pool))

test('the same seed gives the same requests, and another seed gives others', () => {
  expect(mutations(1)).toEqual(mutations(1))
  expect(mutations(2)).not.toEqual(mutations(1))
})

test('most mutations differ from each other', () => {
  const texts = new Set(mutations(3).map((message) => JSON.stringify(message)))
  expect(texts.size).toBeGreaterThan(150)
})

test('random numbers are evenly distributed', () => {
  const random = createRandom(4)
  const counts = [0, 0, 0, 0]
  for (let count = 0; count < 40_000; count += 1) {
    const number = random.below(4)
    counts[number] = (counts[number] ?? 0) + 1
  }
  for (const count of counts) expect(Math.abs(count - 10_000)).toBeLessThan(400)
})

test('FUZZ and FUZZ_SEED must be numbers, and CI sends more requests by default', () => {
  expect(readSettings({ FUZZ: '7000', FUZZ_SEED: '8' })).toEqual({ count: 7_000, floodCount: 7_000, seed: 8 })
  expect(readSettings({})).toEqual({ count: 150, floodCount: 1_000, seed: 1 })
  expect(readSettings({ CI: 'true' })).toEqual({ count: 5_000, floodCount: 20_000, seed: 1 })
  for (const FUZZ of ['many', '7', '-1000', '1e9']) {
    expect(() => readSettings({ FUZZ })).toThrow('FUZZ must be a whole number from 150')
  }
})
