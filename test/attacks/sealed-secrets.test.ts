import { readFileSync } from 'node:fs'
import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, onTestFinished, test } from 'vitest'
import { rotateSigningKeys } from '../../src/keys/rotation.ts'
import type { SecretsSource } from '../../src/keys/secrets-source.ts'
import { secretsFromStore } from '../../src/keys/store.ts'
import { randomBase64url } from '../../src/lib/hash.ts'
import type { Store } from '../../src/store/contract.ts'
import type { SealedDocument, SealedSecretStore } from '../../src/store/sealed-secrets.ts'
import { sqlite } from '../../src/store/sqlite.ts'
import { currentKidOf, newPath, problemsOf } from '../unit/keys-support.ts'

const ISSUER = 'https://id.example.com'
const SECRET = randomBase64url(32)

const bind = (
  store: Parameters<ReturnType<typeof secretsFromStore>>[0]['store'],
  issuer = ISSUER,
): SecretsSource => secretsFromStore({ sealingSecret: SECRET })({ store, issuer })

/** Creates sealed secrets in a database file. */
async function installSealed(issuer = ISSUER) {
  const folder = newPath()
  await mkdir(folder, { recursive: true })
  const file = join(folder, 'consulate.db')
  const store = sqlite(file)
  onTestFinished(() => store.close())
  await store.migrate()
  const source = bind(store, issuer)
  await source.prepare?.()
  return { store, source, file, row: await rowOf(store) }
}

const rowOf = async ({ sealedSecrets }: Pick<Store, 'sealedSecrets'>): Promise<SealedDocument> =>
  (await sealedSecrets.read()) ?? expect.fail('no row')

/** A source that reads a row that an attacker has written. */
function sourceWith(row: SealedDocument, issuer = ISSUER): SecretsSource {
  const sealedSecrets: SealedSecretStore = { read: async () => row, replace: async () => false }
  return bind({ sealedSecrets, fingerprints: sqlite(':memory:').fingerprints }, issuer)
}

const DAMAGED = [expect.stringContaining('were changed or copied')]

describe('a copy of the database', () => {
  test('has no key and no root secret in its bytes', async () => {
    const { source, file, store } = await installSealed()
    const { signingKeys, secrets } = await source.load()
    await store.close()
    const bytes = [file, `${file}-wal`].map(readIfPresent).join('\n')
    const lines = signingKeys.flatMap(({ privateKey }) => (privateKey as string).split('\n').slice(1, -2))
    const hidden = [SECRET, ...secrets.map(({ value }) => value.trim()), ...lines]
    expect(hidden.length).toBeGreaterThan(6)
    for (const text of hidden) {
      expect(bytes).not.toContain(text)
      expect(bytes).not.toContain(Buffer.from(text).toString('base64url').slice(0, -2))
    }
    expect(bytes).toContain('consulate_sealed_secrets')
  })
})

const readIfPresent = (path: string): string => {
  try {
    return readFileSync(path, 'latin1')
  } catch {
    return ''
  }
}

describe('write access to the database cannot make a server use', () => {
  test('the row of another issuer, even one with the same sealing secret', async () => {
    const { row } = await installSealed('https://staging.example.com')
    expect(await problemsOf(sourceWith(row).load())).toEqual([
      expect.stringContaining('belong to "https://staging.example.com"'),
    ])
    const relabeled = { ...row, sealed: row.sealed.replace('https://staging.example.com', ISSUER) }
    expect(relabeled.sealed).toContain(`"${ISSUER}"`)
    expect(await problemsOf(sourceWith(relabeled).load())).toEqual(DAMAGED)
  })

  test('an older row under the version of the newer one', async () => {
    const { row, source, store } = await installSealed()
    await rotateSigningKeys(source.managed ?? expect.fail(), { dropsCurrent: true })
    const { version } = await rowOf(store)
    expect(version).toBe(2)
    expect(await problemsOf(sourceWith({ ...row, version }).load())).toEqual(DAMAGED)
  })

  test('a row that was truncated or changed anywhere', async () => {
    const { row } = await installSealed()
    const { data } = JSON.parse(row.sealed) as { readonly data: string }
    const start = row.sealed.indexOf(data)
    const truncated = [
      0,
      1,
      20,
      start,
      start + 10,
      start + 40,
      row.sealed.length - 2,
      row.sealed.length - 1,
    ].map((length) => row.sealed.slice(0, length))
    const shortened = [0, 15, 16, 37, 38, 39, data.length - 22, data.length - 1].map((length) =>
      row.sealed.replace(data, data.slice(0, length)),
    )
    const flipped = [0, 15, 16, 100, data.length - 23, data.length - 5].map((index) =>
      row.sealed.replace(
        data,
        data.slice(0, index) + (data[index] === 'A' ? 'B' : 'A') + data.slice(index + 1),
      ),
    )
    for (const sealed of [...truncated, ...shortened, ...flipped, 'null', '7', '[]'])
      expect(await problemsOf(sourceWith({ ...row, sealed }).load())).toEqual(DAMAGED)
    expect(await currentKidOf(sourceWith(row))).toHaveLength(43)
  })

  test('an older row while it runs, which would bring back a key that was dropped', async () => {
    const { row: stolen, source, store } = await installSealed()
    await rotateSigningKeys(source.managed ?? expect.fail(), { dropsCurrent: true })
    let row = await rowOf(store)
    const sealedSecrets: SealedSecretStore = { read: async () => row, replace: async () => false }
    const running = bind({ sealedSecrets, fingerprints: store.fingerprints })
    const kid = await currentKidOf(running)
    row = stolen
    expect(await problemsOf(running.load())).toEqual([expect.stringContaining('are older than those in use')])
    row = await rowOf(store)
    expect(await currentKidOf(running)).toBe(kid)
  })

  test('an older row after a restart, if the sealing secret was replaced since', async () => {
    const { row: stolen, source, store } = await installSealed()
    await rotateSigningKeys(source.managed ?? expect.fail(), { dropsCurrent: true })
    const next = randomBase64url(32)
    const both = secretsFromStore({ sealingSecret: [next, SECRET] })({ store, issuer: ISSUER })
    await both.managed?.sealed?.reseal()
    const restartedWith = (row: SealedDocument): SecretsSource =>
      secretsFromStore({ sealingSecret: next })({
        store: {
          sealedSecrets: { read: async () => row, replace: async () => false },
          fingerprints: store.fingerprints,
        },
        issuer: ISSUER,
      })
    expect(await problemsOf(restartedWith(stolen).load())).toEqual([
      expect.stringContaining('sealed with another CONSULATE_SEALING_SECRET'),
    ])
    expect(await problemsOf(restartedWith(await rowOf(store)).load())).toEqual([])
  })
})
