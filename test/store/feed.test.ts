import { fork } from 'node:child_process'
import { once } from 'node:events'
import { setImmediate } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { describe, expect, onTestFinished, test } from 'vitest'
import type { RevocationStore } from '../../src/store/revocations.ts'
import { NOW, sampleClient } from '../../src/testing/store/samples.ts'
import { DATABASES } from '../support/databases.ts'
import { dose, sampleOf } from '../support/dose.ts'

const PROCESSES = dose(2, 4)
const LANES = 4
const ROUNDS = dose(2, 8)
/** Entries of one round: a token, an authorization, two sessions and a user. */
const ENTRIES = 5

/** Starts a process that waits to write. Returns a function that makes it write, and resolves when it has exited. */
async function startWriter(url: string, name: string): Promise<() => Promise<unknown>> {
  const script = fileURLToPath(new URL('feed/writer.ts', import.meta.url))
  const child = fork(script, [url, name, String(ROUNDS)])
  onTestFinished(() => void child.kill())
  await once(child, 'message')
  return async () => {
    const ended = once(child, 'exit')
    child.send('start')
    expect((await ended)[0]).toBe(0)
  }
}

/** Reads as nodes do: each time from the highest ID of the last time. Returns all IDs when `isOver` and nothing is left. */
async function readAll({ listSince }: RevocationStore, isOver: () => boolean): Promise<readonly number[]> {
  const ids: number[] = []
  for (;;) {
    const wasOver = isOver()
    const entries = await listSince(ids.at(-1) ?? 0, NOW, 1000)
    ids.push(...entries.map(({ id }) => id))
    if (wasOver && entries.length === 0) return ids
    // SQLite answers before other work gets its turn.
    await setImmediate()
  }
}

describe.each(sampleOf(DATABASES))('the revocation feed in $name', ({ isAvailable, open }) => {
  test.runIf(isAvailable)('never shows an entry behind a reader, however many processes write', async () => {
    const { url, store, drop } = await open()
    onTestFinished(drop)
    await store.clients.insert(sampleClient())
    const writers = await Promise.all(
      Array.from({ length: PROCESSES }, (_, index) => startWriter(url, `writer ${index}`)),
    )
    let isOver = false
    const seen = readAll(store.revocations, () => isOver)
    // If a writer fails, nobody waits for the reader.
    seen.catch(() => {})
    await Promise.all(writers.map((write) => write())).finally(() => (isOver = true))
    const all = (await store.revocations.listSince(0, NOW, 100_000)).map(({ id }) => id)
    expect(await seen).toEqual(all)
    expect(all).toHaveLength(PROCESSES * LANES * ROUNDS * ENTRIES)
  })
})
