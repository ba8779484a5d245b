import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { describe, expect, test } from 'vitest'
import type { Keyring } from '../../src/keys/keyring.ts'
import { secretsFromDirectory } from '../../src/index.ts'
import { createDerivedKeys } from '../../src/keys/derived.ts'
import { randomBase64url } from '../../src/lib/hash.ts'
import { sqlite } from '../../src/store/sqlite.ts'
import { privatePem } from '../unit/keys-support.ts'
import { addPersonalToken } from './personal-token.ts'
import { MIGRATIONS } from '../support/migrations.ts'
import { consulate, emptyDirectory, installed, justInstalled, makeKeysOlder } from './run.ts'

const keyringOf = (cwd: string): Keyring =>
  JSON.parse(readFileSync(join(cwd, 'data/secrets/keyring.json'), 'utf8')) as Keyring

const idsOf = (cwd: string): Record<string, string> =>
  Object.fromEntries(keyringOf(cwd).signing.map(({ state, kid }) => [state, kid]))

/** The fingerprints that a database knows. */
async function knownTo(path: string): Promise<readonly string[]> {
  const store = sqlite(path)
  try {
    return await store.fingerprints.addFirst('none', 0)
  } finally {
    await store.close()
  }
}

describe('consulate keys --rotate', () => {
  test('makes the next key the current one, and names it', async () => {
    const cwd = await installed()
    const { next = '' } = idsOf(cwd)
    const { code, stdout, stderr } = await consulate(cwd, ['keys', '--rotate'])
    expect([code, stderr]).toEqual([0, ''])
    expect(stdout).toContain(`Current signing key: ${next}`)
    expect(idsOf(cwd)['current']).toBe(next)
  })

  test('exits with 1 while other processes may not know the next key, and says until when', async () => {
    const cwd = await justInstalled()
    const before = keyringOf(cwd)
    const { code, stdout, stderr } = await consulate(cwd, ['keys', '--rotate', '--json'])
    expect([code, stdout]).toEqual([1, ''])
    const readyAt = new Date((before.signing[1]?.createdAt ?? 0) + 600_000).toISOString()
    expect(stderr).toContain(`Rotate after ${readyAt}, or use --now in an emergency.`)
    expect(keyringOf(cwd)).toEqual(before)
  })

  test('does not wait with --now, and warns', async () => {
    const { code, stdout, stderr } = await consulate(await justInstalled(), [
      'keys',
      '--rotate',
      '--now',
      '--json',
    ])
    expect(code).toBe(0)
    expect(stderr).toMatch(/^Warning: other processes may not know this signing key yet/)
    expect(JSON.parse(stdout)).toMatchObject({ outcome: 'rotated', isEarly: true, dropped: [] })
  })

  test('removes a stolen key with --drop-current', async () => {
    const cwd = await justInstalled()
    const { current = '', next } = idsOf(cwd)
    const { stdout } = await consulate(cwd, ['keys', '--rotate', '--drop-current'])
    expect(stdout).toContain(`Dropped: ${current}`)
    expect(idsOf(cwd)).toEqual({ current: next, next: expect.any(String) as string })
  })

  test('keeps a retired key for an hour after its last token has expired', async () => {
    const cwd = await installed()
    for (let rotation = 0; rotation < 2; rotation += 1) {
      makeKeysOlder(cwd)
      expect((await consulate(cwd, ['keys', '--rotate'])).stdout).not.toContain('Dropped')
    }
    const [oldest] = keyringOf(cwd).signing
    makeKeysOlder(cwd)
    expect((await consulate(cwd, ['keys', '--rotate'])).stdout).toContain(`Dropped: ${oldest?.kid}`)
  })
})

test('keeps a signing key until the last personal access token that it may have signed has expired', async () => {
  const cwd = await installed()
  const { id, server } = await addPersonalToken(cwd)
  for (let rotation = 0; rotation < 4; rotation += 1) {
    makeKeysOlder(cwd)
    expect((await consulate(cwd, ['keys', '--rotate'])).stdout).not.toContain('Dropped')
  }
  expect((await consulate(cwd, ['doctor'])).stdout).not.toContain('is kept, but no valid token needs it')
  await server.personalTokens.revoke(id)
  await server.close()
  makeKeysOlder(cwd)
  expect((await consulate(cwd, ['keys', '--rotate'])).stdout).toContain('Dropped')
})

test('keeps keys and secrets as long as the tokens of the client with the longest lifetimes', async () => {
  const cwd = await installed()
  const lifetimes = ['--access-token-lifetime=10y', '--refresh-token-lifetime=10y']
  await consulate(cwd, ['client', 'create', '--machine', '--name=Import', '--scope=*', ...lifetimes])
  for (const flag of [
    '--rotate',
    '--rotate',
    '--rotate',
    '--rotate-secret',
    '--rotate-secret',
    '--rotate-secret',
  ]) {
    makeKeysOlder(cwd, 480)
    expect((await consulate(cwd, ['keys', flag])).stdout).not.toContain('Dropped')
  }
})

test('keeps signing keys without a database, because an app may have one elsewhere', async () => {
  const cwd = emptyDirectory()
  await consulate(cwd, ['keys'])
  for (let rotation = 0; rotation < 4; rotation += 1) {
    makeKeysOlder(cwd)
    expect((await consulate(cwd, ['keys', '--rotate'])).stdout).not.toContain('Dropped')
  }
  makeKeysOlder(cwd)
  expect((await consulate(cwd, ['keys', '--rotate', '--drop-current'])).stdout).toContain('Dropped')
})

test('keeps signing keys until the tables are up to date after an upgrade', async () => {
  const cwd = await installed()
  const { server } = await addPersonalToken(cwd)
  await server.close()
  const database = new DatabaseSync(join(cwd, 'data/consulate.db'))
  database.exec(`delete from consulate_migrations where name = '${MIGRATIONS.at(-1)}'`)
  database.close()
  for (let rotation = 0; rotation < 4; rotation += 1) {
    makeKeysOlder(cwd)
    expect((await consulate(cwd, ['keys', '--rotate'])).stdout).not.toContain('Dropped')
  }
})

describe('consulate keys --rotate-secret', () => {
  test('makes the next secret the current one, and registers it in the database', async () => {
    const cwd = await installed()
    makeKeysOlder(cwd)
    const { code, stdout } = await consulate(cwd, ['keys', '--rotate-secret', '--json'])
    expect(code).toBe(0)
    const derived = createDerivedKeys(await secretsFromDirectory(join(cwd, 'data/secrets')).load())
    expect(JSON.parse(stdout)).toMatchObject({
      outcome: 'rotated',
      current: derived.currentId,
      isEarly: false,
    })
    expect(await knownTo(join(cwd, 'data/consulate.db'))).toEqual([derived.fingerprint])
  })

  test('changes nothing without the tables', async () => {
    const cwd = emptyDirectory()
    await consulate(cwd, ['keys'])
    const before = keyringOf(cwd)
    const { code, stderr } = await consulate(cwd, ['keys', '--rotate-secret', '--now'])
    expect([code, keyringOf(cwd)]).toEqual([1, before])
    expect(stderr).toContain('consulate init')
  })
})

describe('secrets of the environment', () => {
  const env = { CONSULATE_PRIVATE_KEY: privatePem(), CONSULATE_SECRET: randomBase64url(32) }

  test.each([
    ['--rotate', 'CONSULATE_NEXT_PRIVATE_KEYS'],
    ['--rotate-secret', 'CONSULATE_NEXT_SECRETS'],
  ])('%s prints the manual steps, and exits with 1', async (flag, variable) => {
    const { code, stderr } = await consulate(await installed(), ['keys', flag], { env })
    expect(code).toBe(1)
    expect(stderr).toContain(`1. Add a new`)
    expect(stderr).toContain(variable)
  })

  test('--rotate-secret registers the next secret in the database', async () => {
    const cwd = await installed()
    const next = randomBase64url(32)
    const { code } = await consulate(cwd, ['keys', '--rotate-secret'], {
      env: { ...env, CONSULATE_NEXT_SECRETS: next },
    })
    expect(code).toBe(0)
    const { fingerprint } = createDerivedKeys({ secrets: [{ value: next }] })
    expect(await knownTo(join(cwd, 'data/consulate.db'))).toEqual([fingerprint])
  })
})

test.each([
  [['--now']],
  [['--drop-current']],
  [['--rotate', '--rotate-secret']],
  [['--rotate', '--force']],
  [['--rotate-secret', '--algorithm', 'RS256']],
])('rejects %j', async (flags) => {
  const cwd = emptyDirectory()
  expect((await consulate(cwd, ['keys', ...flags])).code).toBe(2)
})
