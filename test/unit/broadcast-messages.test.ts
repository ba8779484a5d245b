import { randomBytes } from 'node:crypto'
import { describe, expect, test } from 'vitest'
import { createNodeMessages, type NodeMessages } from '../../src/broadcast/messages.ts'
import { createBroadcastHub, type BroadcastHub } from '../support/broadcast-hub.ts'
import { createTestClock } from '../support/clock.ts'

const issuer = 'https://id.example.com'
const key = randomBytes(32)

/** A receiving node, what it receives, and a function that adds more nodes. */
function openNodes() {
  const hub = createBroadcastHub()
  const clock = createTestClock()
  const logs: string[] = []
  const logger = { log: (level: string, message: string) => void logs.push(`${level}: ${message}`) }
  const addNode = (own: { issuer?: string; keys?: readonly [Buffer, ...Buffer[]] } = {}): NodeMessages => {
    const { keys = [key], ...options } = own
    const connection = hub.open({} as Parameters<BroadcastHub['open']>[0])
    return createNodeMessages({ issuer, clock, logger, connection, keys: () => keys, ...options })
  }
  const received: unknown[] = []
  addNode().subscribe('revocation', (payload) => void received.push(payload))
  return { hub, clock, logs, received, addNode }
}

const REJECTED = 'warn: Rejected a broadcast message with an invalid signature or an old timestamp'

describe('a message between nodes', () => {
  test('reaches the other nodes, and not its sender', () => {
    const { received, addNode } = openNodes()
    const sender = addNode()
    const own: unknown[] = []
    sender.subscribe('revocation', (payload) => void own.push(payload))
    sender.publish('revocation', { id: 'grüße' })
    expect([received, own]).toEqual([[{ id: 'grüße' }], []])
  })

  test('reaches the listeners of its topic only', () => {
    const { received, addNode } = openNodes()
    addNode().publish('failure', 'x')
    expect(received).toEqual([])
  })

  test.each([
    ['signed with another key', { keys: [randomBytes(32)] as const }],
    ['of another issuer', { issuer: 'https://other.example.com' }],
  ])('is rejected if it is %s', (_, options) => {
    const { received, logs, addNode } = openNodes()
    addNode(options).publish('revocation', 'forged')
    expect([received, logs]).toEqual([[], [REJECTED]])
  })

  test('is accepted if it is signed with the next or a retired key', () => {
    const { received, addNode } = openNodes()
    const next = randomBytes(32)
    addNode({ keys: [key, next] }).subscribe('revocation', (payload) => void received.push(payload))
    addNode({ keys: [next] }).publish('revocation', 'early')
    expect(received).toEqual(['early'])
  })

  test('is received once, even if a copy is sent again', () => {
    const { hub, received, logs, addNode } = openNodes()
    const sender = addNode()
    for (const payload of [1, 2, 3]) sender.publish('revocation', payload)
    for (const copy of hub.messages.slice()) hub.inject(copy)
    expect([received, logs]).toEqual([[1, 2, 3], []])
  })

  test('is rejected by a node that was started after it has expired', () => {
    const { hub, clock, addNode } = openNodes()
    addNode().publish('revocation', 'old')
    const late: unknown[] = []
    addNode().subscribe('revocation', (payload) => void late.push(payload))
    clock.advance('121s')
    for (const copy of hub.messages.slice()) hub.inject(copy)
    expect(late).toEqual([])
  })

  test('is accepted from a node whose clock is a minute off', () => {
    const { clock, received, addNode } = openNodes()
    const sender = addNode()
    for (const change of [() => clock.advance('60s'), () => clock.turnBack('120s')]) {
      change()
      sender.publish('revocation', 'x')
    }
    expect(received).toEqual(['x', 'x'])
  })

  test('cannot be moved to another topic', () => {
    const { hub, received, addNode } = openNodes()
    addNode().publish('failure', 'x')
    hub.inject((hub.messages[0] ?? '').replace('failure', 'revocation'))
    expect(received).toEqual([])
  })

  test('is ignored if it is garbage, and logged once a minute', () => {
    const { hub, received, logs } = openNodes()
    const garbage = [
      '',
      '.',
      'revocation',
      'revocation.',
      'revocation...',
      `revocation.${'x'.repeat(100_000)}`,
    ]
    for (const text of [...garbage, 'revocation.e30.e30', 'revocation.\u0000.\uD800']) hub.inject(text)
    expect([received, logs]).toEqual([[], [REJECTED]])
  })
})
