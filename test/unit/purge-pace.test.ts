import { expect, test } from 'vitest'
import { createPurgePace } from '../../src/jobs/purge-pace.ts'

const HOUR = 3_600_000
const SIZE = { time: 1, least: 8 }
const IDLE = { load: 0, delay: 0 }

test.each([
  ['slow ones have the fewest rows', 40, [8, 8]],
  ['fast ones grow to 512', 0.25, [8, 16, 32, 64, 128, 256, 512, 512]],
  ['those that take as long as they should stay as they are', 1, [8, 8]],
])('batches adapt to the time they take: %s', (_, duration, sizes) => {
  const pace = createPurgePace(SIZE)
  const chosen = sizes.map(() => {
    const size = pace.batchSize()
    pace.pauseAfter({ duration, ...IDLE })
    return size
  })
  expect(chosen).toEqual(sizes)
})

test.each([
  ['4 times as long as the batch if the server is idle', { load: 0, delay: 0 }, 40],
  ['20 times as long if it is always busy', { load: 1, delay: 0 }, 200],
  ['12 times as long if it is busy half of the time', { load: 0.5, delay: HOUR }, 120],
  ['shorter if rows are 2.25 hours late', { load: 0.5, delay: 2.25 * HOUR }, 80],
  ['as on an idle server if they are 3 hours late', { load: 1, delay: 3 * HOUR }, 40],
  ['no longer than 200 ms', { load: 1, delay: 0, duration: 50 }, 200],
  ['no shorter than 5 ms', { load: 0, delay: 30 * HOUR, duration: 0.5 }, 5],
])('a pause is %s', (_, batch, pause) => {
  expect(createPurgePace(SIZE).pauseAfter({ duration: 10, ...batch })).toBe(pause)
})
