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
