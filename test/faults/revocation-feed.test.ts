import { describe, expect, test, vi } from 'vitest'
import { MINUTE, sampleClient } from '../../src/testing/store/samples.ts'
import { backUp, EVERY, follow, isRevoked, pass, revoke, writeEntries } from './feed/follow.ts'

describe('a store that goes back to a backup', () => {
  test('gives ids again that the feed has seen, and hides no revocation behind them', async () => {
    const setup = await follow()
    await revoke(setup, 'before')
    const restore = await backUp(setup)
    for (const jti of ['lost 1', 'lost 2', 'lost 3']) await revoke(setup, jti)
    await pass(setup, 60_000)
    await pass(setup, 60_000)
    await restore()
    await revoke(setup, 'after')
    await pass(setup, EVERY)
    expect(isRevoked(setup, 'after')).toBe(true)
    expect(isRevoked(setup, 'before')).toBe(true)
    expect(setup.logs).toEqual([
      'error: The revocations went back: if a backup was restored, run `consulate recover`',
    ])
  })

  test('is noticed where it has gone on to the very same id, too', async () => {
    const setup = await follow()
    const restore = await backUp(setup)
    await revoke(setup, 'lost')
    await pass(setup, 60_000)
    await pass(setup, 60_000)
    await restore()
    await revoke(setup, 'after')
    await pass(setup, EVERY)
    expect(isRevoked(setup, 'after')).toBe(true)
    expect(setup.logs).toHaveLength(1)
  })

  test('is noticed where it has gone beyond it, and where all that was known has expired', async () => {
    const setup = await follow()
    const restore = await backUp(setup)
    await revoke(setup, 'lost', MINUTE)
    await pass(setup, 60_000)
    await pass(setup, 60_000)
    await restore()
    await revoke(setup, 'after 1')
    await revoke(setup, 'after 2')
    await pass(setup, EVERY)
    expect([isRevoked(setup, 'after 1'), isRevoked(setup, 'after 2')]).toEqual([true, true])
    expect(setup.logs).toHaveLength(1)
  })

  test('is noticed where it has not gone on at all, and what was known has expired', async () => {
    const setup = await follow()
    await revoke(setup, 'before', MINUTE)
    const restore = await backUp(setup)
    await revoke(setup, 'lost', MINUTE)
    await pass(setup, EVERY)
    await pass(setup, 2 * MINUTE)
    await restore()
    await pass(setup, EVERY)
    expect(setup.logs).toHaveLength(1)
    await revoke(setup, 'after')
    await pass(setup, EVERY)
    expect(isRevoked(setup, 'after')).toBe(true)
    expect(setup.logs).toHaveLength(1)
  })

  test('makes nothing live again that was revoked since', async () => {
    const setup = await follow()
    const restore = await backUp(setup)
    await revoke(setup, 'lost')
    await pass(setup, EVERY)
    await restore()
    await pass(setup, EVERY)
    expect(isRevoked(setup, 'lost')).toBe(true)
  })

  test('is noticed by a node that has read nothing since but what it wrote itself', async () => {
    const setup = await follow()
    const restore = await backUp(setup)
    const written = await revoke(setup, 'lost')
    if (written) setup.feed.apply(written)
    await restore()
    await pass(setup, EVERY)
    expect(setup.logs).toHaveLength(1)
  })

  test('shuts nobody out for what it has forgotten, once everything of the issuer was ended', async () => {
    const setup = await follow()
    const { store, clock, feed } = setup
    const alice = { kind: 'user', user: { provider: 'users', userId: 'alice' }, subject: 'alice' } as const
    const restore = await backUp(setup)
    await store.revocations.revoke(alice, clock.now())
    await store.revocations.revoke({ kind: 'issuer' }, clock.now())
    await pass(setup, EVERY)
    await restore()
    const sessionOf = async () => {
      const { issuer, user } = await store.revocations.readEpochs('alice', '')
      return { id: 'new', subject: 'alice', issuerEpoch: issuer, userEpoch: user }
    }
    await pass(setup, EVERY)
    expect(feed.hasRevokedSession(await sessionOf())).toBe(true)
    await store.revocations.revoke({ kind: 'issuer', minimumEpoch: 1_000 }, clock.now())
    await pass(setup, EVERY)
    expect(feed.hasRevokedSession(await sessionOf())).toBe(false)
    expect(feed.hasRevokedSession({ ...(await sessionOf()), issuerEpoch: 999 })).toBe(true)
  })
})

describe('a store that only lets go of what is over', () => {
  test('is not suspected: not where the newest entry expired, nor where it was replaced or purged', async () => {
    const setup = await follow()
    const { store, clock, logs } = setup
    await store.clients.insert(sampleClient())
    await revoke(setup, 'short', MINUTE)
    await pass(setup, EVERY)
    await pass(setup, 2 * MINUTE)
    await revoke(setup, 'next', MINUTE)
    await pass(setup, EVERY)
    for (let round = 0; round < 2; round += 1) {
      await store.revocations.revoke({ kind: 'client', id: 'web' }, clock.now())
      await pass(setup, EVERY)
    }
    await revoke(setup, 'last', MINUTE)
    await pass(setup, EVERY)
    await pass(setup, 2 * MINUTE)
    const cutoffs = {
      now: clock.now(),
      revokedUntil: 0,
      expiredUntil: clock.now(),
      auditUntil: 0,
      maxAuditEntries: 9,
    }
    const step = { kind: 'revocations', cutoffs, after: undefined, limit: 100, isDryRun: false } as const
    expect((await store.purge.step(step)).count).toBe(2)
    await pass(setup, EVERY)
    expect(logs).toEqual([])
  })

  test('is not suspected while entries are written and read at the same time', async () => {
    const setup = await follow()
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

  test('is not read from the beginning all the time', async () => {
    const setup = await follow()
    for (let index = 0; index < 100; index += 1) await revoke(setup, `token ${index}`)
    // Past the overlap, within which everything is read again.
    for (let polls = 0; polls < 60; polls += 1) await pass(setup, EVERY)
    const before = setup.readsOfAll()
    for (let polls = 0; polls < 60; polls += 1) {
      await revoke(setup, `later ${polls}`)
      await pass(setup, EVERY)
    }
    expect(setup.readsOfAll()).toBe(before)
  })
})

describe('many revocations', () => {
  test('are read without holding up the requests between', async () => {
    const setup = await follow()
    writeEntries(setup, 1, 20_000)
    let turns = 0
    const turn = (): void => {
      turns += 1
      next = setImmediate(turn)
    }
    let next = setImmediate(turn)
    await pass(setup, EVERY)
    clearImmediate(next)
    expect(setup.feed.size).toBe(20_000)
    expect(turns).toBeGreaterThanOrEqual(20)
  })

  test('are all read once more every ten minutes, a part with each poll, in case one came too late', async () => {
    const setup = await follow()
    setup.feed.start()
    writeEntries(setup, 2, 22_999)
    writeEntries(setup, 23_001, 25_000)
    await pass(setup, EVERY)
    await pass(setup, 60_000)
    writeEntries(setup, 1, 1)
    writeEntries(setup, 23_000, 23_000)
    await pass(setup, 60_000)
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

describe('revocations that are over', () => {
  test('are forgotten, a part at a time', async () => {
    const setup = await follow()
    const { feed, clock } = setup
    feed.start()
    writeEntries(setup, 1, 60_000)
    await pass(setup, EVERY)
    clock.advance('2h')
    await pass(setup, 10_000)
    expect(feed.size).toBe(10_000)
    await pass(setup, 10_000)
    // The newest is known for good.
    expect(feed.size).toBe(1)
  })
})

describe('a clock that is put forward and set right again', () => {
  test('makes no revoked token live again: what was dropped as expired is read anew', async () => {
    const setup = await follow()
    const { store, clock, feed } = setup
    feed.start()
    await store.clients.insert(sampleClient())
    await revoke(setup, 'known')
    await revoke(setup, 'newest')
    await pass(setup, EVERY)
    clock.advance('1h')
    await pass(setup, 60_000)
    expect(isRevoked(setup, 'known')).toBe(false)
    clock.turnBack('1h')
    await revoke(setup, 'written meanwhile')
    clock.advance('1h')
    // What is kept for good takes the feed on, beyond what it did not see.
    await store.revocations.revoke({ kind: 'client', id: 'web' }, clock.now())
    await pass(setup, EVERY)
    await pass(setup, 60_000)
    clock.turnBack('1h')
    await pass(setup, EVERY)
    expect([isRevoked(setup, 'known'), isRevoked(setup, 'written meanwhile')]).toEqual([true, true])
  })

  test('changes nothing about how fresh the feed is', async () => {
    const { clock, feed } = await follow()
    for (const move of [clock.advance, clock.turnBack, clock.turnBack, clock.advance]) {
      move('1d')
      expect(feed.isFresh()).toBe(true)
    }
    vi.advanceTimersByTime(10_001)
    expect(feed.isFresh()).toBe(false)
  })
})
