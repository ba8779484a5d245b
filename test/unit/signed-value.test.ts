import { describe, expect, test } from 'vitest'
import { randomBytes } from 'node:crypto'
import { createValueSigner } from '../../src/lib/signed-value.ts'

const key = randomBytes(32)
const clock = { time: 1_000_000, now: () => clock.time }
const signer = createValueSigner<{ readonly text: string }>({ keys: [key], lifetime: 60_000, clock })

const changeAt = (text: string, index: number): string =>
  text.slice(0, index) + (text[index] === 'A' ? 'B' : 'A') + text.slice(index + 1)

describe('a signed value', () => {
  test('is returned unchanged, whatever characters it holds', () => {
    const value = { text: 'grüße 🎈 "\'<>&;. \u0000' }
    expect(signer.verify(signer.sign(value))).toEqual(value)
  })

  test('is one URL-safe string', () => {
    expect(signer.sign({ text: '???>>>~~~' })).toMatch(/^[\w-]+\.[\w-]{43}$/)
  })

  test('expires after exactly its lifetime', () => {
    const text = signer.sign({ text: 'short' })
    clock.time += 59_999
    expect(signer.verify(text)).toEqual({ text: 'short' })
    clock.time += 1
    expect(signer.verify(text)).toBeUndefined()
  })

  test('is rejected if any character was changed', () => {
    const text = signer.sign({ text: 'x' })
    // The last base64url character of a MAC has two unused bits. They must count too.
    for (let index = 0; index < text.length; index++)
      expect(signer.verify(changeAt(text, index))).toBeUndefined()
  })

  test('is rejected with anything before or after it', () => {
    const text = signer.sign({ text: 'x' })
    for (const other of [`${text}.`, `${text}.x`, `${text}=`, `.${text}`, ` ${text}`, `${text}\n`])
      expect(signer.verify(other)).toBeUndefined()
  })

  test('is rejected by a signer with another key', () => {
    const other = createValueSigner<unknown>({ keys: [randomBytes(32)], lifetime: 60_000, clock })
    expect(other.verify(signer.sign({ text: 'x' }))).toBeUndefined()
  })

  test('is accepted as long as its key is among the keys', () => {
    const later = randomBytes(32)
    const text = signer.sign({ text: 'x' })
    const rotated = createValueSigner<unknown>({ keys: [later, key], lifetime: 60_000, clock })
    expect(rotated.verify(text)).toEqual({ text: 'x' })
    expect(signer.verify(rotated.sign({ text: 'y' }))).toBeUndefined()
  })

  test('can be compressed', () => {
    const compressing = createValueSigner<{ readonly text: string }>({
      keys: [key],
      lifetime: 60_000,
      clock,
      isCompressed: true,
    })
    const value = { text: encodeURIComponent('grüße 🎈'.repeat(1000)) }
    const text = compressing.sign(value)
    expect(compressing.verify(text)).toEqual(value)
    expect(text).toMatch(/^[\w-]+\.[\w-]{43}$/)
    expect(text.length).toBeLessThan(value.text.length / 50)
    for (const index of [0, 5, text.indexOf('.') - 1, text.length - 1])
      expect(compressing.verify(changeAt(text, index))).toBeUndefined()
  })

  test.each([
    '',
    '.',
    '..',
    'garbage',
    'e30.',
    '.e30',
    'e30.e30',
    '\u0000',
    '🎈.🎈',
    '[]',
    'a'.repeat(100_000),
  ])('is not garbage, which is rejected without an exception (%#)', (text) =>
    expect(signer.verify(text)).toBeUndefined(),
  )
})
