import { writeFile } from 'node:fs/promises'
import { describe, expect, onTestFinished, test } from 'vitest'
import { directoryKeys } from '../../src/keys/managed-directory.ts'
import { secretsFromDirectory } from '../../src/keys/directory.ts'
import { generateSecrets } from '../../src/keys/generate.ts'
import type { ManagedKeys } from '../../src/keys/managed.ts'
import { rotateRootSecrets, rotateSigningKeys } from '../../src/keys/rotation.ts'
import { readSealingSecrets } from '../../src/keys/sealing-secret.ts'
import type { SecretsSource } from '../../src/keys/secrets-source.ts'
import { secretsFromStore } from '../../src/keys/store.ts'
import { randomBase64url } from '../../src/lib/hash.ts'
import type { Store } from '../../src/store/contract.ts'
import { sqlite } from '../../src/store/sqlite.ts'
import { currentKidOf, newPath, problemsOf } from './keys-support.ts'

const ISSUER = 'https://id.example.com'
const [FIRST, SECOND] = [randomBase64url(32), randomBase64url(32)]

async function openStore(): Promise<Store> {
  const store = sqlite(':memory:')
  onTestFinished(() => store.close())
  await store.migrate()
  return store
}

const sourceOf = (store: Store, ...sealingSecret: readonly string[]): SecretsSource =>
  secretsFromStore({ sealingSecret: sealingSecret.length > 0 ? sealingSecret : FIRST })({
    store,
    issuer: ISSUER,
  })

/** Starts a source, as a server does. */
async function started(store: Store, ...sealingSecret: readonly string[]): Promise<SecretsSource> {
  const source = sourceOf(store, ...sealingSecret)
  await source.prepare?.()
  return source
}

const keysOf = ({ managed }: SecretsSource): ManagedKeys => managed ?? expect.fail('not managed')

const sealedOf = (source: SecretsSource) => keysOf(source).sealed ?? expect.fail('not sealed')

const registerFingerprint = async (): Promise<void> => {}

describe('secrets in the store', () => {
  test('are created once if several servers start together, with next ones', async () => {
    const store = await openStore()
    const sources = await Promise.all(Array.from({ length: 20 }, () => started(store)))
    const all = await Promise.all(sources.map((source) => source.load()))
    expect(new Set(all.map((secrets) => JSON.stringify(secrets))).size).toBe(1)
    expect(all[0]?.signingKeys.map(({ state }) => state)).toEqual(['current', 'next'])
    expect(all[0]?.secrets.map(({ state }) => state)).toEqual(['current', 'next'])
  })

  test('are not created for a database that was used with others', async () => {
    const store = await openStore()
    await store.fingerprints.addFirst('of other secrets', 0)
    expect(await problemsOf(started(store))).toEqual([expect.stringContaining('was used with others')])
    expect(await store.sealedSecrets.read()).toBeUndefined()
  })

  test('are neither opened nor replaced with another sealing secret', async () => {
    const store = await openStore()
    await started(store)
    const before = await store.sealedSecrets.read()
    const other = sourceOf(store, SECOND)
    const works: readonly (() => Promise<unknown>)[] = [
      () => other.load(),
      () => rotateSigningKeys(keysOf(other), { isUrgent: true }),
      () => rotateRootSecrets(keysOf(other), { isUrgent: true, registerFingerprint }),
      () => sealedOf(other).reseal(),
    ]
    for (const work of works)
      expect(await problemsOf(work())).toEqual([
        expect.stringMatching(/sealed with another CONSULATE_SEALING_SECRET .* Nothing was changed/),
      ])
    await other.prepare?.()
    expect((await keysOf(other).generate()).created).toBe(false)
    expect(await store.sealedSecrets.read()).toEqual(before)
  })

  test('can be sealed with a new sealing secret while servers know both', async () => {
    const store = await openStore()
    const kid = await currentKidOf(await started(store, FIRST))
    const both = sourceOf(store, SECOND, FIRST)
    expect(await currentKidOf(both)).toBe(kid)
    await sealedOf(both).reseal()
    expect(await currentKidOf(both)).toBe(kid)
    expect(await currentKidOf(sourceOf(store, SECOND))).toBe(kid)
    expect(await problemsOf(sourceOf(store, FIRST).load())).toHaveLength(1)
  })

  test('rotate like those in a directory, and their version changes', async () => {
    const store = await openStore()
    const source = await started(store)
    const [before, version] = [await source.load(), await source.version?.()]
    expect(await rotateSigningKeys(keysOf(source))).toMatchObject({ outcome: 'too-soon' })
    expect(await source.version?.()).toBe(version)
    const { outcome } = await rotateSigningKeys(keysOf(source), { isUrgent: true })
    await rotateRootSecrets(keysOf(source), { isUrgent: true, registerFingerprint })
    const after = await source.load()
    expect(outcome).toBe('rotated')
    expect(await source.version?.()).not.toBe(version)
    expect(after.signingKeys.map(({ state }) => state)).toEqual(['retired', 'current', 'next'])
    expect(after.signingKeys[1]?.privateKey).toBe(before.signingKeys[1]?.privateKey)
    expect(after.secrets.map(({ state }) => state)).toEqual(['retired', 'current', 'next'])
    await rotateSigningKeys(keysOf(source), { dropsCurrent: true })
    expect((await source.load()).signingKeys.map(({ state }) => state)).toEqual(['current', 'next'])
  })

  test('are rotated by one of several commands at a time', async () => {
    const store = await openStore()
    const source = await started(store)
    const rotations = Array.from({ length: 20 }, () =>
      problemsOf(rotateSigningKeys(keysOf(source), { isUrgent: true })),
    )
    const results = await Promise.all(rotations)
    const winners = results.filter((problems) => problems.length === 0).length
    expect(winners).toBeGreaterThan(0)
    expect((await store.sealedSecrets.read())?.version).toBe(1 + winners)
    expect(results.flat().every((text) => text.includes('have just been changed'))).toBe(true)
  })

  test('are copied from a directory, unless there are some', async () => {
    const store = await openStore()
    const path = newPath()
    const { kid } = await generateSecrets(path)
    const source = sourceOf(store)
    expect(await sealedOf(source).copyFrom(await directoryKeys(path).open())).toBe(true)
    expect(await currentKidOf(source)).toBe(kid)
    const copied = await source.load()
    const original = await secretsFromDirectory(path).load()
    expect(copied.signingKeys).toEqual(original.signingKeys)
    expect(copied.secrets.map(({ value }) => value.trim())).toEqual(
      original.secrets.map(({ value }) => value),
    )
    expect(await sealedOf(source).copyFrom(await directoryKeys(path).open())).toBe(false)
  })
})

describe('the sealing secret', () => {
  const problem = async (environment: Record<string, string>): Promise<readonly string[]> =>
    problemsOf(readSealingSecrets(environment))

  test('comes from the environment, or from a file that the environment names', async () => {
    const path = newPath().replaceAll('/', '-').replace(/^-tmp/, '/tmp')
    await writeFile(path, `${FIRST}\n${SECOND}\n`)
    expect(await readSealingSecrets({ CONSULATE_SEALING_SECRET: ` ${FIRST}, ${SECOND} ` })).toEqual([
      FIRST,
      SECOND,
    ])
    expect(await readSealingSecrets({ CONSULATE_SEALING_SECRET_FILE: path })).toEqual([FIRST, SECOND])
  })

  test('is required, and given in one way only', async () => {
    expect(await problem({})).toEqual([expect.stringContaining('CONSULATE_SEALING_SECRET: is not set')])
    expect(await problem({ CONSULATE_SEALING_SECRET_FILE: '/nowhere' })).toEqual([
      'CONSULATE_SEALING_SECRET_FILE: cannot read /nowhere (ENOENT)',
    ])
    expect(
      await problem({ CONSULATE_SEALING_SECRET: FIRST, CONSULATE_SEALING_SECRET_FILE: '/nowhere' }),
    ).toEqual([expect.stringContaining('must not be set together')])
  })

  test.each([[['short']], [[FIRST, 'short']], [[]]])(
    'is rejected if it is too short or missing: %j',
    async (given) => {
      const store = await openStore()
      const source = secretsFromStore({ sealingSecret: given })({ store, issuer: ISSUER })
      expect(await problemsOf(source.prepare?.() ?? Promise.resolve())).toEqual([
        expect.stringContaining('must contain at least 43 random characters'),
      ])
      expect(await store.sealedSecrets.read()).toBeUndefined()
    },
  )
})
