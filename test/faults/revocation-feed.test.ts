import { describe, expect, test, vi } from 'vitest'
import { cutoffsAt } from '../../src/testing/store/purge-steps.ts'
import { MINUTE, sampleClient } from '../../src/testing/store/samples.ts'
import { advance, backUp, isRevoked, openFeed, revoke, writeEntries } from '../support/revocation-feed.ts'

describe('a store that was restored from a backup', () => {
  test('assigns known IDs again, which hide no revocation', async () => {
    const setup = await openFeed()
    await revoke(setup, 'before')
    const restore = await backUp(setup)
    for (const jti of ['lost 1', 'lost 2', 'lost 3']) await revoke(setup, jti)
    await advance(setup, 60_000)
    await advance(setup, 60_000)
    await restore()
    await revoke(setup, 'after')
    await advance(setup)
    expect(isRevoked(setup, 'after')).toBe(true)
    expect(isRevoked(setup, 'before')).toBe(true)
    expect(setup.logs).toEqual([
      'error: Revocation IDs went back. Run `consulate recover` if you restored a backup',
    ])
  })

  test('is detected if its newest ID is the one that the feed knows', async () => {
    const setup = await openFeed()
    const restore = await backUp(setup)
    await revoke(setup, 'lost')
    await advance(setup, 60_000)
    await advance(setup, 60_000)
    await restore()
    await revoke(setup, 'after')
    await advance(setup)
    expect(isRevoked(setup, 'after')).toBe(true)
    expect(setup.logs).toHaveLength(1)
  })

  test('is detected if its IDs are higher, and the known entries have expired', async () => {
    const setup = await openFeed()
    const restore = await backUp(setup)
    await revoke(setup, 'lost', MINUTE)
    await advance(setup, 60_000)
    await advance(setup, 60_000)
    await restore()
    await revoke(setup, 'after 1')
    await revoke(setup, 'after 2')
    await advance(setup)
    expect([isRevoked(setup, 'after 1'), isRevoked(setup, 'after 2')]).toEqual([true, true])
    expect(setup.logs).toHaveLength(1)
  })

  test('is detected if nothing was written since, and the known entries have expired', async () => {
    const setup = await openFeed()
    await revoke(setup, 'before', MINUTE)
    const restore = await backUp(setup)
    await revoke(setup, 'lost', MINUTE)
    await advance(setup)
    await advance(setup, 2 * MINUTE)
    await restore()
    await advance(setup)
    expect(setup.logs).toHaveLength(1)
    await revoke(setup, 'after')
    await advance(setup)
    expect(isRevoked(setup, 'after')).toBe(true)
    expect(setup.logs).toHaveLength(1)
  })

  test('does not undo a revocation that the backup lacks', async () => {
    const setup = await openFeed()
    const restore = await backUp(setup)
    await revoke(setup, 'lost')
    await advance(setup)
    await restore()
    await advance(setup)
    expect(isRevoked(setup, 'lost')).toBe(true)
  })

  test('is detected by a node that knows only the entry it wrote itself', async () => {
    const setup = await openFeed()
    const restore = await backUp(setup)
    const written = await revoke(setup, 'lost')
    if (written) setup.feed.apply(written)
    await restore()
    await advance(setup)
    expect(setup.logs).toHaveLength(1)
  })

  test('accepts new sessions again once the issuer epoch is above the lost revocations', async () => {
    const setup = await openFeed()
    const { store, clock, feed } = setup
    const alice = { kind: 'user', user: { provider: 'users', userId: 'alice' }, subject: 'alice' } as const
    const restore = await backUp(setup)
    await store.revocations.revoke(alice, clock.now())
    await store.revocations.revoke({ kind: 'issuer' }, clock.now())
    await advance(setup)
    await restore()
    const sessionOf = async () => {
      const { issuer, user } = await store.revocations.readEpochs('alice', '')
      return { id: 'new', subject: 'alice', issuerEpoch: issuer, userEpoch: user }
    }
    await advance(setup)
    expect(feed.hasRevokedSession(await sessionOf())).toBe(true)
    await store.revocations.revoke({ kind: 'issuer', minimumEpoch: 1_000 }, clock.now())
    await advance(setup)
    expect(feed.hasRevokedSession(await sessionOf())).toBe(false)
    expect(feed.hasRevokedSession({ ...(await sessionOf()), issuerEpoch: 999 })).toBe(true)
  })
})

describe('a store that only deletes what has expired', () => {
  test('is not mistaken for a restored backup when the newest entry expires, is replaced or is purged', async () => {
    const setup = await openFeed()
    const { store, clock, logs } = setup
    await store.clients.insert(sampleClient())
    await revoke(setup, 'short', MINUTE)
    await advance(setup)
    await advance(setup, 2 * MINUTE)
    await revoke(setup, 'next', MINUTE)
    await advance(setup)
    for (let round = 0; round < 2; round += 1) {
      await store.revocations.revoke({ kind: 'client', id: 'web' }, clock.now())
      await advance(setup)
    }
    await revoke(setup, 'last', MINUTE)
    await advance(setup)
    await advance(setup, 2 * MINUTE)
    const cutoffs = cutoffsAt(clock.now())
    const step = { kind: 'revocations', cutoffs, after: undefined, limit: 100, isDryRun: false } as const
    expect((await store.purge.step(step)).count).toBe(2)
    await advance(setup)
    expect(logs).toEqual([])
  })

  test('is not mistaken for a restored backup while entries are written and read concurrently', async () => {
    const setup = await openFeed()
    const writeMany = async (): Promise<void> => {
      for (let index = 0; index < 200; index += 1) {
        const written = await revoke(setup, `token ${index}`)
        if (written) setup.feed.apply(written)
      }
    }
    const readMany = async (): Promise<void> => {
      for (let index = 0; index < 200; index += 1) await setup.feed.sync()
    }
    await Promise.all([writeMany(), readMany(), writeMany()])
    expect(setup.logs).toEqual([])
  })

  test('is not read from the beginning by every poll', async () => {
    const setup = await openFeed()
    for (let index = 0; index < 100; index += 1) await revoke(setup, `token ${index}`)
    // Past the time in which entries are read again.
    for (let polls = 0; polls < 60; polls += 1) await advance(setup)
    const before = setup.fullReads()
    for (let polls = 0; polls < 60; polls += 1) {
      await revoke(setup, `later ${polls}`)
      await advance(setup)
    }
    expect(setup.fullReads()).toBe(before)
  })
})

describe('many revocations', () => {
  test('do not block other requests while they are read', async () => {
    const setup = await openFeed()
    writeEntries(setup, 1, 20_000)
    let pauses = 0
    const count = (): void => {
      pauses += 1
      next = setImmediate(count)
    }
    let next = setImmediate(count)
    await advance(setup)
    clearImmediate(next)
    expect(setup.feed.size).toBe(20_000)
    expect(pauses).toBeGreaterThanOrEqual(20)
  })

  test('are read again every ten minutes, a part with each poll, in case one appeared late', async () => {
    const setup = await openFeed()
    setup.feed.start()
    writeEntries(setup, 2, 22_999)
    writeEntries(setup, 23_001, 25_000)
    await advance(setup)
    await advance(setup, 60_000)
    writeEntries(setup, 1, 1)
    writeEntries(setup, 23_000, 23_000)
    await advance(setup, 60_000)
    const areRevoked = () => [isRevoked(setup, 'token 1'), isRevoked(setup, 'token 23000')]
    expect(areRevoked()).toEqual([false, false])
    vi.advanceTimersByTime(10 * MINUTE)
    await setup.feed.sync()
    await setup.feed.sync()
    expect(areRevoked()).toEqual([true, false])
    for (let polls = 0; polls < 2; polls += 1) await setup.feed.sync()
    expect(areRevoked()).toEqual([true, true])
  })
})

describe('expired revocations', () => {
  test('are dropped, a part at a time', async () => {
    const setup = await openFeed()
    const { feed, clock } = setup
    feed.start()
    writeEntries(setup, 1, 60_000)
    await advance(setup)
    clock.advance('2h')
    await advance(setup, 10_000)
    expect(feed.size).toBe(10_000)
    await advance(setup, 10_000)
    // The newest entry is never dropped.
    expect(feed.size).toBe(1)
  })
})

describe('a clock that is set forward and back', () => {
  test('does not undo a revocation: entries that were dropped as expired are read again', async () => {
    const setup = await openFeed()
    const { store, clock, feed } = setup
    feed.start()
    await store.clients.insert(sampleClient())
    await revoke(setup, 'known')
    await revoke(setup, 'newest')
    await advance(setup)
    clock.advance('1h')
    await advance(setup, 60_000)
    expect(isRevoked(setup, 'known')).toBe(false)
    clock.turnBack('1h')
    await revoke(setup, 'written meanwhile')
    clock.advance('1h')
    // An entry without expiration moves the cursor past the one that was not read.
    await store.revocations.revoke({ kind: 'client', id: 'web' }, clock.now())
    await advance(setup)
    await advance(setup, 60_000)
    clock.turnBack('1h')
    await advance(setup)
    expect([isRevoked(setup, 'known'), isRevoked(setup, 'written meanwhile')]).toEqual([true, true])
  })

  test('reads nothing again for a small correction, and undoes no revocation by many of them', async () => {
    const setup = await openFeed()
    const { clock, feed } = setup
    feed.start()
    await revoke(setup, 'first', 2 * MINUTE)
    await revoke(setup, 'newest')
    for (let polls = 0; polls < 60; polls += 1) await advance(setup)
    clock.advance('58s')
    await advance(setup, 5000)
    const before = setup.fullReads()
    clock.turnBack('9s')
    await advance(setup)
    expect([setup.fullReads() - before, isRevoked(setup, 'first')]).toEqual([0, true])
    clock.advance('1m')
    await advance(setup, 5000)
    expect(isRevoked(setup, 'first')).toBe(false)
    for (let count = 0; count < 10; count += 1) {
      clock.turnBack('9s')
      await advance(setup)
    }
    expect(isRevoked(setup, 'first')).toBe(true)
  })

  test('does not change whether the feed is fresh', async () => {
    const { clock, feed } = await openFeed()
    for (const move of [clock.advance, clock.turnBack, clock.turnBack, clock.advance]) {
      move('1d')
      expect(feed.isFresh()).toBe(true)
    }
    vi.advanceTimersByTime(10_001)
    expect(feed.isFresh()).toBe(false)
  })
})
