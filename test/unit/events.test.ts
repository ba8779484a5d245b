import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { expect, test } from 'vitest'
import { createEvents } from '../../src/events.ts'

type Line = readonly [level: string, message: string, fields?: unknown]

function openEvents() {
  const lines: Line[] = []
  const events = createEvents({ log: (...line) => void lines.push(line) })
  const payload = { requestId: 'r', sessionId: 's', sub: '7', reason: 'sign_out' } as const
  return { lines, events, payload, emit: () => events.emit('session.ended', payload) }
}

test('every listener of an event receives its payload, once per event', () => {
  const { events, payload, emit } = openEvents()
  const received: unknown[] = []
  events.on('session.ended', (value) => void received.push(['first', value]))
  events.on('session.ended', (value) => void received.push(['second', value]))
  events.on('session.started', () => void received.push('another event'))
  emit()
  expect(received).toEqual([
    ['first', payload],
    ['second', payload],
  ])
})

test('`on` returns a function that removes this listener only', () => {
  const { events, emit } = openEvents()
  const received: string[] = []
  const remove = events.on('session.ended', () => void received.push('removed'))
  events.on('session.ended', () => void received.push('kept'))
  remove()
  remove()
  emit()
  expect(received).toEqual(['kept'])
})

test.each([
  [
    'throws',
    () => {
      throw new Error('no mail server')
    },
  ],
  ['rejects', async () => Promise.reject(new Error('no mail server'))],
])('a listener that %s is logged, and stops neither the emitter nor other listeners', async (_, listener) => {
  const { events, lines, emit } = openEvents()
  const received: string[] = []
  events.on('session.ended', listener)
  events.on('session.ended', () => void received.push('other'))
  emit()
  await new Promise(setImmediate)
  expect(received).toEqual(['other'])
  expect(lines).toEqual([
    ['error', 'Event listener failed', { event: 'session.ended', cause: 'Error: no mail server' }],
  ])
})

test('a listener that adds or removes listeners changes later events only', () => {
  const { events, emit } = openEvents()
  const received: string[] = []
  events.on('session.ended', () => void events.on('session.ended', () => void received.push('added')))
  const remove = events.on('session.ended', () => {
    received.push('once')
    remove()
  })
  const other = events.on('session.ended', () => void received.push('other'))
  events.on('session.ended', () => other())
  emit()
  expect(received).toEqual(['once', 'other'])
  emit()
  expect(received).toEqual(['once', 'other', 'added'])
})

test('a listener that blocks is logged with how long it took', () => {
  const { events, lines, emit } = openEvents()
  events.on('session.ended', () => {
    const end = performance.now() + 120
    while (performance.now() < end);
  })
  emit()
  const milliseconds = expect.any(Number) as unknown
  expect(lines).toEqual([
    ['warn', 'Event listeners block the server', { event: 'session.ended', milliseconds }],
  ])
})

test('a listener that never settles keeps no payload in memory', async () => {
  setFlagsFromString('--expose-gc')
  const collect = runInNewContext('gc') as () => void
  const { events } = openEvents()
  events.on('user.forgotten', async () => new Promise<void>(() => {}))
  const emitOne = (): WeakRef<object> => {
    const payload = { requestId: null, sub: '7' }
    events.emit('user.forgotten', payload)
    return new WeakRef(payload)
  }
  const payloads = Array.from({ length: 50 }, emitOne)
  const countLeft = (): number => {
    collect()
    return payloads.filter((each) => each.deref()).length
  }
  await expect.poll(countLeft).toBe(0)
})
