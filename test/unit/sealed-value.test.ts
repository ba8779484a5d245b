import { randomBytes } from 'node:crypto'
import { describe, expect, test } from 'vitest'
import { createValueSealer } from '../../src/lib/sealed-value.ts'

const [older, key] = [randomBytes(32), randomBytes(32)]
const clock = { time: 1_000_000, now: () => clock.time }
const sealerWith = (...keys: [Buffer, ...Buffer[]]) =>
  createValueSealer<{ readonly text: string }>({ keys, lifetime: 60_000, clock })
const sealer = sealerWith(key, older)
const value = { text: 'grüße 🎈 "\'<>&;. \u0000' }

describe('a sealed value', () => {
  test('is returned unchanged, from one URL-safe string that differs each time', () => {
    const texts = [sealer.seal(value), sealer.seal(value)]
    expect(texts.map((text) => sealer.open(text))).toEqual([value, value])
    expect(new Set(texts).size).toBe(2)
    for (const text of texts) expect(text).toMatch(/^[\w-]+$/)
  })

  test('cannot be read without the key', () => {
    const bytes = Buffer.from(sealer.seal({ text: 'secret' }), 'base64url').toString('latin1')
    expect(bytes).not.toContain('secret')
  })

  test('is opened with the key before a rotation, and with no other one', () => {
    expect(sealer.open(sealerWith(older).seal(value))).toEqual(value)
    expect(sealer.open(sealerWith(randomBytes(32)).seal(value))).toBeUndefined()
  })

  test('expires after exactly its lifetime', () => {
    const text = sealer.seal(value)
    clock.time += 59_999
    expect(sealer.open(text)).toEqual(value)
    clock.time += 1
    expect(sealer.open(text)).toBeUndefined()
  })

  test('is rejected if any byte was changed, added or removed', () => {
    const sealed = Buffer.from(sealer.seal(value), 'base64url')
    const changed = Array.from(sealed, (byte, index) => sealed.with(index, byte ^ 1))
    const cut = Array.from(sealed, (_, length) => sealed.subarray(0, length))
    for (const bytes of [...changed, ...cut, Buffer.concat([sealed, Buffer.alloc(1)])])
      expect(sealer.open(Buffer.from(bytes).toString('base64url'))).toBeUndefined()
  })
})
