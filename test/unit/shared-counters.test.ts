import { randomBytes } from 'node:crypto'
import { setImmediate as nextTurn, setTimeout as sleep } from 'node:timers/promises'
import { beforeEach, describe, expect, test } from 'vitest'
import type { BroadcastConnection } from '../../src/broadcast/broadcast.ts'
import { ZERO_EPOCHS } from '../../src/model/epochs.ts'
import { createNodeMessages } from '../../src/broadcast/messages.ts'
import { silentLogger } from '../../src/lib/log.ts'
import type { PendingAttempt } from '../../src/throttle/counter.ts'
import { createAttempt } from '../../src/throttle/throttle.ts'
import type { ThrottleLimits, ThrottleTarget } from '../../src/throttle/throttle.ts'
import { checkPassword } from '../../src/users/check-password.ts'
import { createThrottles, type Throttles } from '../../src/throttle/throttles.ts'

const LIMITS: ThrottleLimits = {
  perAddress: { failures: 1_000, window: 60_000 },
  perAccount: { failures: 10, window: 900_000 },
}
const KEY = randomBytes(32)
const alice: ThrottleTarget = { address: '203.0.113.9', account: 'password:users:alice' }

/** Connects nodes. Messages arrive in the same order everywhere, later than they were sent. */
interface Bus {
  readonly sent: string[]
  isLosing: boolean
  connect(): BroadcastConnection
  /** Sends a recorded message again. */
  deliver(message: string): void
}

function createBus(): Bus {
  const listeners: ((message: string) => void)[] = []
  const deliver = (message: string): void => listeners.forEach((listener) => listener(message))
  const bus: Bus = {
    sent: [],
    isLosing: false,
    connect: () => ({
      publish(message) {
        bus.sent.push(message)
        if (!bus.isLosing) setImmediate(deliver, message)
      },
      subscribe: (listener) => void listeners.push(listener),
      problem: undefined,
      close: async () => {},
    }),
    deliver,
  }
  return bus
}

let now = 0
let bus: Bus

beforeEach(() => {
  now = 1_700_000_000_000
  bus = createBus()
})

interface NodeOptions {
  readonly limits?: ThrottleLimits
  /** How far its clock is ahead (ms). */
  readonly ahead?: number
}

function startNode({ limits = LIMITS, ahead = 0 }: NodeOptions = {}): Throttles['throttle'] {
  const clock = { now: () => now + ahead }
  const messages = createNodeMessages({
    connection: bus.connect(),
    keys: () => KEYS,
    issuer: 'https://id.example.com',
    clock,
    logger: silentLogger,
  })
  return createThrottles({ throttle: limits, clock, messages }).throttle
}

const KEYS = [KEY] as const
type Node = ReturnType<typeof startNode>

const failTimes = async (node: Node, times: number, target = alice): Promise<void> => {
  for (let count = 0; count < times; count += 1) await node.fail(target)
}

/** Waits until no more messages are sent, and all have arrived. */
async function settle(): Promise<void> {
  let before = -1
  while (before < bus.sent.length) {
    before = bus.sent.length
    // Longer than changes wait to be sent, even if the process was suspended meanwhile: then this timer is the last one.
    await sleep(50)
    for (let turn = 0; turn < 3; turn += 1) await nextTurn()
  }
}

/** Returns how long a target must wait at each node; 0 if it need not. */
const waits = async (nodes: readonly Node[], target = alice): Promise<readonly number[]> =>
  Promise.all(nodes.map(async (node) => (await node.check(target))?.retryAfter ?? 0))

const expectWaits = (nodes: readonly Node[], expected: readonly number[], target = alice) =>
  expect.poll(() => waits(nodes, target)).toEqual(expected)

/** Reserves an attempt that is not blocked. */
async function reserve(node: Node, target = alice): Promise<PendingAttempt> {
  const attempt = await node.attempt(target)
  if (attempt.blocked) throw new Error('The attempt is blocked')
  return attempt
}

describe('failures on several nodes', () => {
  test('add up to one limit', async () => {
    const nodes = [startNode(), startNode(), startNode()] as const
    await failTimes(nodes[0], 4)
    await failTimes(nodes[1], 3)
    await failTimes(nodes[2], 2)
    await settle()
    await expectWaits(nodes, [0, 0, 0])
    await failTimes(nodes[1], 1)
    await expectWaits(nodes, [900, 900, 900])
  })

  test('add up exactly, even if the nodes count at the same moment', async () => {
    const nodes = [startNode(), startNode()] as const
    for (let count = 0; count < 4; count += 1) await Promise.all(nodes.map((node) => node.fail(alice)))
    await failTimes(nodes[0], 1)
    await settle()
    await expectWaits(nodes, [0, 0])
    await failTimes(nodes[1], 1)
    await expectWaits(nodes, [900, 900])
  })

  test('are forgotten everywhere after a correct password on one node', async () => {
    const nodes = [startNode(), startNode()] as const
    await failTimes(nodes[0], 9)
    await settle()
    await (await reserve(nodes[1])).succeed()
    await settle()
    await failTimes(nodes[0], 9)
    await expectWaits(nodes, [0, 0])
    await failTimes(nodes[0], 1)
    await expectWaits(nodes, [900, 900])
  })

  test('do not block a known device on any node', async () => {
    const nodes = [startNode(), startNode()] as const
    const device = { ...alice, device: 'laptop' }
    await failTimes(nodes[0], 10)
    await expectWaits(nodes, [900, 900])
    await expectWaits(nodes, [0, 0], device)
    await failTimes(nodes[0], 10, device)
    await expectWaits(nodes, [900, 900], device)
  })

  test('end at the same time on nodes whose clocks are 30 seconds apart', async () => {
    const nodes = [startNode(), startNode({ ahead: 30_000 }), startNode({ ahead: -30_000 })] as const
    await failTimes(nodes[0], 10)
    await expectWaits(nodes, [900, 900, 900])
    now += 899_000
    await expectWaits(nodes, [1, 1, 1])
    now += 1_000
    await expectWaits(nodes, [0, 0, 0])
  })

  test('block each node at its own limit, and nodes with different limits do not answer each other forever', async () => {
    const lenient = startNode({ limits: { ...LIMITS, perAccount: { failures: 20, window: 60_000 } } })
    const nodes = [startNode(), lenient] as const
    await failTimes(lenient, 12)
    await expectWaits(nodes, [60, 0])
    await failTimes(lenient, 8)
    await expectWaits(nodes, [60, 60])
    await failTimes(nodes[0], 1)
    await settle()
    expect(bus.sent.length).toBeLessThanOrEqual(6)
  })
})

describe('reserved attempts on several nodes', () => {
  test('count everywhere until they are settled', async () => {
    const nodes = [startNode(), startNode()] as const
    await failTimes(nodes[0], 8)
    await settle()
    const attempts = [await reserve(nodes[0]), await reserve(nodes[1])]
    await expectWaits(nodes, [1, 1])
    for (const attempt of attempts) await attempt.release()
    await expectWaits(nodes, [0, 0])
  })

  test('reveal no result after other nodes have reached the limit', async () => {
    const nodes = [startNode(), startNode()] as const
    const attempts = await Promise.all(Array.from({ length: 10 }, () => reserve(nodes[0])))
    const late = await reserve(nodes[1])
    for (const attempt of attempts) {
      expect([await attempt.confirm(), await late.confirm()]).toEqual([undefined, undefined])
      await attempt.fail()
    }
    await expect.poll(async () => (await late.confirm())?.retryAfter).toBe(900)
  })

  test('reveal not even a correct result of an own grant then', async () => {
    const nodes = [startNode(), startNode()] as const
    const attempt = createAttempt(nodes[1])({ ...alice, account: 'phone-code:1' }, async () => {
      await failTimes(nodes[0], 10, { ...alice, account: 'phone-code:1' })
      await settle()
      return 'the user'
    })
    await expect(attempt).rejects.toMatchObject({ code: 'too_many_requests' })
  })

  test('reveal not even that a password is correct then', async () => {
    const nodes = [startNode(), startNode()] as const
    const user = { id: 'alice' }
    const failElsewhere = async (): Promise<true> => {
      await failTimes(nodes[0], 10)
      await settle()
      return true
    }
    const outcome = await checkPassword(
      {
        users: { findByUsername: async () => user, verifyPassword: failElsewhere },
        throttle: nodes[1],
        epochs: async () => ZERO_EPOCHS,
        subjectOf: ({ userId }) => userId,
      },
      { provider: 'users', username: 'alice', password: 'correct', address: alice.address, clientId: '' },
      async () => 'signed in',
    )
    expect(outcome.kind).toBe('blocked')
  })

  test('are forgotten after 10 seconds if their node disappears', async () => {
    const nodes = [startNode(), startNode()] as const
    await failTimes(nodes[0], 9)
    await reserve(nodes[0])
    await expectWaits([nodes[1]], [1])
    now += 10_000
    await expectWaits([nodes[1]], [0])
  })

  test('of a node that disappeared are forgotten even while other nodes report the same account', async () => {
    const nodes = [startNode(), startNode(), startNode()] as const
    await failTimes(nodes[0], 8)
    await settle()
    await reserve(nodes[0])
    await settle()
    for (let round = 0; round < 3; round += 1) {
      now += 4_000
      const attempt = await reserve(nodes[1])
      await settle()
      await attempt.release()
      await settle()
    }
    await reserve(nodes[1])
    await settle()
    // 8 failures and 1 attempt. With the one that was lost, there would be no room for another.
    await expectWaits([nodes[2]], [0])
  })

  test('send nothing if one attempt at a time succeeds', async () => {
    const [node] = [startNode(), startNode()] as const
    for (let count = 0; count < 20; count += 1) {
      await (
        await reserve(node, {
          address: `198.51.100.${count}`,
          account: `password:users:${count}`,
        })
      ).succeed()
    }
    // A message, if there was one, is sent before this failure or together with it.
    await node.fail(alice)
    await settle()
    expect(bus.sent).toHaveLength(1)
    expect(reportsIn(bus.sent[0])).toHaveLength(2)
  })
})

/** Returns the reports in a signed message. */
function reportsIn(message = ''): readonly unknown[] {
  const body = Buffer.from(message.split('.')[1] ?? '', 'base64url').toString()
  const [, [, , , , payload]] = JSON.parse(body) as [number, [string, string, string, number, object]]
  return Object.values(payload).flat()
}

describe('a node that has missed messages', () => {
  test('learns how many there were from the next failure', async () => {
    const nodes = [startNode(), startNode()] as const
    bus.isLosing = true
    await failTimes(nodes[0], 8)
    await settle()
    bus.isLosing = false
    await failTimes(nodes[0], 1)
    await settle()
    await failTimes(nodes[1], 1)
    await expectWaits(nodes, [900, 900])
  })

  test('allows one guess at an account that is blocked elsewhere, because it started late', async () => {
    const old = [startNode(), startNode()] as const
    await failTimes(old[0], 10)
    await expectWaits(old, [900, 900])
    now += 60_000
    const late = startNode()
    await (await reserve(late)).fail()
    await expectWaits([...old, late], [840, 840, 840])
  })
})

describe('an attacker', () => {
  test('who sends a recorded message again adds no failures', async () => {
    const nodes = [startNode(), startNode()] as const
    await failTimes(nodes[0], 5)
    await settle()
    for (let count = 0; count < 10; count += 1) bus.deliver(bus.sent[0] ?? '')
    await expectWaits(nodes, [0, 0])
    await failTimes(nodes[1], 5)
    await expectWaits(nodes, [900, 900])
  })

  test('who floods a node with failures of 4,000 addresses causes at most 50 messages a second, none of them too long', async () => {
    const nodes = [startNode(), startNode()] as const
    const start = performance.now()
    for (let count = 0; count < 4_000; count += 1) {
      await nodes[0].fail({
        address: `10.${count >> 8}.${count & 255}.1`,
        account: `password:users:${count}`,
      })
    }
    await failTimes(nodes[0], 10)
    // The last ones arrive although there were so many before them.
    await expect.poll(() => waits([nodes[1]])).toEqual([900])
    const seconds = (performance.now() - start) / 1000
    expect(bus.sent.length).toBeLessThanOrEqual(50 * seconds + 2)
    expect(Math.max(...bus.sent.map(({ length }) => length))).toBeLessThan(65_536)
  })
})

test.each<[string, unknown]>([
  ['no object', 'failures'],
  ['null', null],
  ['no list', { 'failures.account': {} }],
  [
    'reports of another form',
    {
      'failures.account': [null, 1, [], ['key'], ['key', -1, 1, 0, 5, false], ['key', 1e9, 1.5, 0, 5, false]],
    },
  ],
  ['a counter that this version does not have', { other: [['key', 10, 0, 0, 60_000, false]] }],
])('a message with %s is ignored', async (_what, payload) => {
  const node = startNode()
  const other = createNodeMessages({
    connection: bus.connect(),
    keys: () => KEYS,
    issuer: 'https://id.example.com',
    clock: { now: () => now },
    logger: silentLogger,
  })
  other.publish('failure', payload as never)
  await failTimes(node, 10)
  await expectWaits([node], [900])
  await expectWaits([node], [0], { address: '198.51.100.1', account: 'key' })
})
