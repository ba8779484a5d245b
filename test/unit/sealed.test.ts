import { describe, expect, test } from 'vitest'
import { randomBytes } from 'node:crypto'
import { createSeal } from '../../src/lib/sealed.ts'

const key = randomBytes(32)
const clock = { time: 1_000_000, now: () => clock.time }
const seal = createSeal<{ readonly text: string }>(key, 60_000, clock)

const swap = (text: string, index: number): string =>
  text.slice(0, index) + (text[index] === 'A' ? 'B' : 'A') + text.slice(index + 1)

describe('a seal', () => {
  test('gives back what was closed, whatever characters it holds', () => {
    const value = { text: 'grüße 🎈 "\'<>&;. \u0000' }
    expect(seal.open(seal.close(value))).toEqual(value)
  })

  test('is one URL-safe text', () => {
    expect(seal.close({ text: '???>>>~~~' })).toMatch(/^[\w-]+\.[\w-]{43}$/)
  })

  test('opens until its lifetime is over, and not a millisecond longer', () => {
    const text = seal.close({ text: 'short' })
    clock.time += 59_999
    expect(seal.open(text)).toEqual({ text: 'short' })
    clock.time += 1
    expect(seal.open(text)).toBeUndefined()
  })

  test('does not open when any one character was altered', () => {
    const text = seal.close({ text: 'x' })
    // The last character of a MAC in base64url holds two bits that mean nothing: it must count nevertheless.
    for (let index = 0; index < text.length; index++) expect(seal.open(swap(text, index))).toBeUndefined()
  })

  test('does not open with anything before or behind it', () => {
    const text = seal.close({ text: 'x' })
    for (const other of [`${text}.`, `${text}.x`, `${text}=`, `.${text}`, ` ${text}`, `${text}\n`])
      expect(seal.open(other)).toBeUndefined()
  })

  test('does not open with another key, that is for another purpose', () => {
    const other = createSeal<unknown>(randomBytes(32), 60_000, clock)
    expect(other.open(seal.close({ text: 'x' }))).toBeUndefined()
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
  ])('is not fooled, nor does it throw, by garbage (%#)', (text) => expect(seal.open(text)).toBeUndefined())
})
