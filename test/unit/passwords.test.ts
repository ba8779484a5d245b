import { describe, expect, test } from 'vitest'
import { argon2Sync } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import type { OAuthError } from '../../src/errors.ts'
import {
  formatPasswordHash,
  hashPassword,
  limitConcurrency,
  MAX_PASSWORD_BYTES,
  parsePasswordHash,
  verifyPassword,
} from '../../src/users/password-hash.ts'

const PASSWORD = 'correct horse battery staple'
const RIGHT = { isCorrect: true, needsRehash: false }
const WRONG = { isCorrect: false, needsRehash: false }

/** A hash made without the code under test. */
function hashWith(
  password: string,
  changes: { memory?: number; passes?: number; tagLength?: number },
): string {
  const { memory = 19_456, passes = 2, tagLength = 32 } = changes
  const nonce = Buffer.alloc(16, 7)
  const tag = argon2Sync('argon2id', { message: password, nonce, memory, passes, parallelism: 1, tagLength })
  const [salt, hash] = [nonce, tag].map((bytes) => bytes.toString('base64').replaceAll('=', ''))
  return `$argon2id$v=19$m=${memory},t=${passes},p=1$${salt}$${hash}`
}

describe('a password hash', () => {
  test('is a PHC string of Argon2id with 19 MiB and two passes', async () => {
    expect(await hashPassword(PASSWORD)).toMatch(
      /^\$argon2id\$v=19\$m=19456,t=2,p=1\$[A-Za-z0-9+/]{22}\$[A-Za-z0-9+/]{43}$/,
    )
  })

  test('differs each time', async () => {
    expect(await hashPassword(PASSWORD)).not.toBe(await hashPassword(PASSWORD))
  })

  test('matches its own password only', async () => {
    const hash = await hashPassword(PASSWORD)
    expect(await verifyPassword(PASSWORD, hash)).toEqual(RIGHT)
    for (const other of [
      '',
      ' ',
      PASSWORD.toUpperCase(),
      `${PASSWORD} `,
      PASSWORD.slice(0, -1),
      `${PASSWORD}\u0000`,
    ])
      expect(await verifyPassword(other, hash)).toEqual(WRONG)
  })

  test('matches however the keyboard composes an accent', async () => {
    const hash = await hashPassword('pässwörd 1'.normalize('NFD'))
    expect(await verifyPassword('pässwörd 1'.normalize('NFC'), hash)).toEqual(RIGHT)
    expect(await verifyPassword('passwörd 1', hash)).toEqual(WRONG)
  })

  test('is computed off the main thread', async () => {
    let turns = 0
    const turn = () => {
      turns++
      next = setImmediate(turn)
    }
    let next = setImmediate(turn)
    await hashPassword(PASSWORD)
    clearImmediate(next)
    expect(turns).toBeGreaterThan(10)
  })

  // From the tests of the reference implementation (P-H-C/phc-winner-argon2, src/test.c).
  test.each([
    [
      'argon2id',
      '$argon2id$v=19$m=65536,t=2,p=1$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc',
      true,
    ],
    [
      'argon2i',
      '$argon2i$v=19$m=65536,t=2,p=1$c29tZXNhbHQ$wWKIMhR9lyDFvRz9YTZweHKfbftvj+qf+YFY4NeBbtA',
      true,
    ],
  ])(
    'from the reference implementation with %s is accepted, and replaced because of its short salt',
    async (_, hash) => {
      expect(await verifyPassword('password', hash)).toEqual({ isCorrect: true, needsRehash: true })
      expect(await verifyPassword('Password', hash)).toEqual(WRONG)
    },
  )

  test.each([{ memory: 8192 }, { passes: 1 }, { tagLength: 16 }])(
    'with weaker parameters (%j) is accepted and replaced, but only for the correct password',
    async (parameters) => {
      const hash = hashWith(PASSWORD, parameters)
      expect(await verifyPassword(PASSWORD, hash)).toEqual({ isCorrect: true, needsRehash: true })
      expect(await verifyPassword('wrong password', hash)).toEqual(WRONG)
    },
  )

  test('with stronger parameters stays as it is', async () => {
    expect(await verifyPassword(PASSWORD, hashWith(PASSWORD, { passes: 3 }))).toEqual(RIGHT)
  })

  test('is formatted as it was parsed', async () => {
    const hash = await hashPassword(PASSWORD)
    const parts = parsePasswordHash(hash)
    expect(parts && formatPasswordHash(parts)).toBe(hash)
  })
})

describe('an invalid hash', () => {
  const [salt, tag] = ['A'.repeat(22), 'A'.repeat(43)]

  test.each([
    '',
    '*',
    PASSWORD,
    '$2y$12$aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa',
    `$argon2id$v=16$m=19456,t=2,p=1$${salt}$${tag}`,
    `$argon2id$v=19$m=4294967295,t=2,p=1$${salt}$${tag}`,
    `$argon2id$v=19$m=19456,t=4294967295,p=1$${salt}$${tag}`,
    `$argon2id$v=19$m=19456,t=0,p=1$${salt}$${tag}`,
    `$argon2id$v=19$m=19456,t=2,p=0$${salt}$${tag}`,
    `$argon2id$v=19$m=7,t=2,p=1$${salt}$${tag}`,
    `$argon2id$v=19$m=19456,t=2,p=1$$${tag}`,
    `$argon2id$v=19$m=19456,t=2,p=1$${salt}$`,
    `$argon2id$v=19$m=19456,t=2,p=1$${salt}$${tag}\n`,
  ])('matches no password: %j', async (hash) => {
    expect(parsePasswordHash(hash)).toBeUndefined()
    expect(await verifyPassword(PASSWORD, hash)).toEqual(WRONG)
  })

  test('is passed to the verifier of the other system with the password as entered, and replaced', async () => {
    const typed = 'pässwörd'.normalize('NFD')
    const verifyForeign = async (password: string, hash: string) => hash === `$plain$${password}`
    expect(await verifyPassword(typed, `$plain$${typed}`, verifyForeign)).toEqual({
      isCorrect: true,
      needsRehash: true,
    })
    expect(await verifyPassword('wrong', `$plain$${typed}`, verifyForeign)).toEqual(WRONG)
  })

  test('is not passed to the verifier if it is empty', async () => {
    for (const hash of ['', undefined])
      expect(await verifyPassword(PASSWORD, hash, async () => true)).toEqual(WRONG)
  })
})

describe('a password of more than 1024 bytes', () => {
  const longest = 'ü'.repeat(MAX_PASSWORD_BYTES / 2)

  test('is not hashed', async () => {
    await expect(hashPassword(`${longest}x`)).rejects.toMatchObject({ code: 'invalid_request' })
    expect(await verifyPassword(longest, await hashPassword(longest))).toEqual(RIGHT)
  })

  test('is not hashed if it only becomes so long by normalization', async () => {
    await expect(hashPassword('\u0958'.repeat(300))).rejects.toMatchObject({ code: 'invalid_request' })
  })

  test('is incorrect', async () => {
    expect(await verifyPassword('x'.repeat(1_000_000), await hashPassword(PASSWORD))).toEqual(WRONG)
  })
})

describe('a flood of passwords', () => {
  test('is rejected beyond a bounded queue with 503 and Retry-After, and the queue is processed', async () => {
    const hash = hashWith(PASSWORD, { memory: 8, passes: 1 })
    const responses = await Promise.allSettled(
      Array.from({ length: 500 }, () => verifyPassword(PASSWORD, hash)),
    )
    const refused = responses
      .filter((response) => response.status === 'rejected')
      .map(({ reason }) => reason as OAuthError)
    expect(refused.length).toBeGreaterThanOrEqual(400)
    expect(refused.length).toBeLessThan(500)
    for (const reason of refused)
      expect(reason).toMatchObject({
        code: 'temporarily_unavailable',
        status: 503,
        headers: { 'Retry-After': '1' },
      })
    expect(await verifyPassword(PASSWORD, hash)).toMatchObject({ isCorrect: true })
  })

  test('never runs more at the same time than the limit, in order', async () => {
    const gate = limitConcurrency({ concurrent: 3, queued: 20 })
    const order: number[] = []
    let [running, most] = [0, 0]
    const work = (index: number) => async () => {
      order.push(index)
      most = Math.max(most, ++running)
      await sleep(1)
      running--
    }
    await Promise.all(Array.from({ length: 20 }, (_, index) => gate(work(index))))
    expect(most).toBe(3)
    expect(order).toEqual(order.toSorted((left, right) => left - right))
  })

  test('continues after a failed task', async () => {
    const gate = limitConcurrency({ concurrent: 1, queued: 1 })
    const failing = gate(() => Promise.reject(new Error('broken')))
    await expect(failing).rejects.toThrow('broken')
    expect(await gate(async () => 'open')).toBe('open')
  })
})
