import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { describe, expect, test } from 'vitest'
import type { AccessTokenClaims } from '../../src/model/claims.ts'
import type { RevocationEntry } from '../../src/model/revocation.ts'
import { createRevocationSet } from '../../src/revocations/revocation-set.ts'
import type { RevocationSet } from '../../src/revocations/revocation-set.ts'

const NOW = 1_800_000_000_000
const MINUTE = 60_000

const entryOf = (changes: Partial<RevocationEntry>): RevocationEntry => ({
  id: 1,
  kind: 'token',
  subject: 'azn.1',
  sub: null,
  epoch: 0,
  expiresAt: NOW + MINUTE,
  ...changes,
})

const CLAIMS: AccessTokenClaims = {
  iss: 'https://auth.example',
  sub: 'alice',
  aud: 'https://auth.example',
  client_id: 'web',
  scope: '',
  jti: 'azn.1',
  iat: 0,
  exp: 0,
  subject_type: 'user',
  epochs: [0, 0, 0],
  provider: 'users',
  azn: 'azn',
  sid: 'laptop',
}

/** Sweeps until every entry was checked. */
function sweepAll(set: RevocationSet, now: number): void {
  for (let count = 0; count <= 10 + set.size / 1000; count += 1) set.sweep(now)
}

test('an entry costs at most 150 bytes in memory, whatever its kind', async () => {
  const file = fileURLToPath(new URL('../support/revocation-memory.ts', import.meta.url))
  const { stdout } = await promisify(execFile)(process.execPath, ['--expose-gc', file])
  const bytes = JSON.parse(stdout) as Record<string, number>
  expect(Object.keys(bytes)).toEqual(['authorization', 'session', 'token', 'user'])
  expect(Object.entries(bytes).filter(([, count]) => count > 150)).toEqual([])
})

describe('expired entries', () => {
  test('are dropped by sweeps, and never before the second in which their tokens expire has passed', () => {
    const set = createRevocationSet()
    set.apply(entryOf({ expiresAt: NOW + 1 }))
    sweepAll(set, NOW + 1)
    expect(set.hasRevokedToken(CLAIMS)).toBe(true)
    sweepAll(set, NOW + 1000)
    expect([set.hasRevokedToken(CLAIMS), set.size]).toEqual([false, 0])
  })

  test('are all dropped, however many there are, while live ones stay', () => {
    const set = createRevocationSet()
    for (let number = 0; number < 40_000; number += 1) {
      const expiresAt = number % 2 === 0 ? NOW : NOW + MINUTE
      set.apply(entryOf({ kind: 'authorization', subject: `azn ${number}`, expiresAt }))
    }
    sweepAll(set, NOW)
    expect(set.size).toBe(20_000)
    sweepAll(set, NOW + MINUTE)
    expect(set.size).toBe(0)
  })

  test('of a user are dropped, but not those of a client and of the issuer, which never expire', () => {
    const set = createRevocationSet()
    set.apply(entryOf({ kind: 'user', subject: 'alice', epoch: 1 }))
    set.apply(entryOf({ kind: 'client', subject: 'web', epoch: 1, expiresAt: null }))
    set.apply(entryOf({ kind: 'issuer', subject: '', epoch: 3, expiresAt: null }))
    sweepAll(set, Number.MAX_SAFE_INTEGER)
    expect([set.size, set.issuerEpoch]).toEqual([2, 3])
  })

  test('do not come back to an earlier expiration if an older entry arrives late', () => {
    const set = createRevocationSet()
    expect(set.apply(entryOf({ expiresAt: NOW + MINUTE }))).toBe(true)
    expect(set.apply(entryOf({ expiresAt: NOW }))).toBe(false)
    sweepAll(set, NOW + 1)
    expect(set.hasRevokedToken(CLAIMS)).toBe(true)
  })
})

describe('an entry', () => {
  test('changes the version once, and again only if it revokes more or for longer', () => {
    const set = createRevocationSet()
    const user = entryOf({ kind: 'user', subject: 'alice', epoch: 2 })
    const changes = [
      user,
      user,
      { ...user, epoch: 1 },
      { ...user, epoch: 3 },
      { ...user, epoch: 3, expiresAt: NOW + 2 * MINUTE },
    ].map((entry) => set.apply(entry))
    expect([changes, set.version]).toEqual([[true, false, false, true, true], 3])
  })

  test('with an epoch below one that is known never lowers it', () => {
    const set = createRevocationSet()
    for (const epoch of [5, 2]) set.apply(entryOf({ kind: 'user', subject: 'alice', epoch }))
    expect(set.hasRevokedToken({ ...CLAIMS, epochs: [0, 0, 4] })).toBe(true)
    expect(set.hasRevokedToken({ ...CLAIMS, epochs: [0, 0, 5] })).toBe(false)
  })

  test.each(['__proto__', 'constructor', 'toString', '', 'ü', 'x'.repeat(100_000)])(
    'for %s revokes exactly that',
    (subject) => {
      const set = createRevocationSet()
      expect(set.hasRevokedToken({ ...CLAIMS, jti: subject, sub: subject })).toBe(false)
      set.apply(entryOf({ subject }))
      expect(set.hasRevokedToken({ ...CLAIMS, jti: subject })).toBe(true)
      expect(set.hasRevokedToken(CLAIMS)).toBe(false)
    },
  )
})
