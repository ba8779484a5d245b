import { execFileSync } from 'node:child_process'
import { chown, mkdir, open, readdir, readFile, rm, stat, utimes, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { randomBase64url } from '../../src/lib/hash.ts'
import { createDerivedKeys } from '../../src/keys/derived.ts'
import { secretsFromDirectory } from '../../src/keys/directory.ts'
import { generateSecrets } from '../../src/keys/generate.ts'
import { createKeySet } from '../../src/keys/key-set.ts'
import type { Keyring, KeyringEntry, SigningEntry } from '../../src/keys/keyring.ts'
import { createRefreshTokens } from '../../src/keys/refresh-token.ts'
import { rotateRootSecrets, rotateSigningKeys } from '../../src/keys/rotation.ts'
import { isAvailable } from '../support/available.ts'
import { contentOf, directoryOf, newPath, privatePem, problemsOf } from './keys-support.ts'

const MINUTE = 60_000
const HOUR = 60 * MINUTE

const keyringOf = async (path: string): Promise<Keyring> =>
  JSON.parse(await readFile(join(path, 'keyring.json'), 'utf8')) as Keyring

/** Makes a keyring older by changing all its times. */
async function age(path: string, by: number): Promise<void> {
  const older = <Entry extends KeyringEntry>(entry: Entry): Entry => ({
    ...entry,
    createdAt: entry.createdAt - by,
    ...(entry.retiredAt !== undefined && { retiredAt: entry.retiredAt - by }),
  })
  const { signing, secrets } = await keyringOf(path)
  await writeKeyring(path, { signing: signing.map(older), secrets: secrets.map(older) })
}

const writeKeyring = (path: string, keyring: Keyring): Promise<void> =>
  writeFile(join(path, 'keyring.json'), JSON.stringify(keyring))

const withoutTime = ({ file, kid, algorithm, state, createdAt }: SigningEntry): SigningEntry => ({
  file,
  kid,
  algorithm,
  state,
  createdAt,
})

/** Creates a directory whose next keys are old enough to be used. */
async function createDirectory(options: Parameters<typeof generateSecrets>[1] = {}): Promise<string> {
  const path = newPath()
  await generateSecrets(path, options)
  await age(path, 10 * MINUTE)
  return path
}

/** Creates a directory without next keys. */
async function createDirectoryWithoutNext(): Promise<string> {
  const path = await createDirectory()
  const isKept = ({ state }: KeyringEntry): boolean => state !== 'next'
  const { signing, secrets } = await keyringOf(path)
  await writeKeyring(path, { signing: signing.filter(isKept), secrets: secrets.filter(isKept) })
  return path
}

const signingStates = async (path: string): Promise<Record<string, string>> =>
  Object.fromEntries((await keyringOf(path)).signing.map(({ kid, state }) => [state, kid]))

const load = (path: string) => secretsFromDirectory(path).load()
const PARTS = { authorizationId: 'azn', generation: 3, seed: 'A'.repeat(22) }

const registered: string[] = []
const registerFingerprint = async (fingerprint: string): Promise<void> => void registered.push(fingerprint)

describe('a rotation of signing keys', () => {
  test('promotes the next key, retires the current one and creates a new next key', async () => {
    const path = await createDirectory()
    const before = await signingStates(path)
    const rotation = await rotateSigningKeys(path)
    const after = await signingStates(path)
    expect(rotation).toEqual({
      outcome: 'rotated',
      current: before['next'],
      next: after['next'],
      dropped: [],
      isEarly: false,
    })
    expect(after).toEqual({
      retired: before['current'],
      current: before['next'],
      next: expect.not.stringMatching(before['next'] ?? '') as string,
    })
    expect((await createKeySet(await load(path))).currentKid).toBe(before['next'])
  })

  test('is compatible with servers that loaded the keys before or after it', async () => {
    const path = await createDirectory()
    const before = await createKeySet(await load(path))
    await rotateSigningKeys(path)
    const after = await createKeySet(await load(path))
    for (const [signer, verifier] of [
      [before, after],
      [after, before],
    ] as const) {
      expect(await verifier.verify(signer.sign('at+jwt', { sub: '7' }), 'at+jwt')).toBeDefined()
    }
  })

  test('waits until the next key is 10 minutes old, and returns when that is', async () => {
    const path = newPath()
    await generateSecrets(path)
    await age(path, 9 * MINUTE)
    const before = await contentOf(path)
    const next = (await keyringOf(path)).signing.find(({ state }) => state === 'next')
    const result = {
      outcome: 'too-soon',
      next: next?.kid,
      readyAt: (next?.createdAt ?? 0) + 10 * MINUTE,
    }
    expect(await rotateSigningKeys(path)).toEqual(result)
    expect(await contentOf(path)).toEqual(before)
    await age(path, MINUTE)
    expect(await rotateSigningKeys(path)).toMatchObject({ outcome: 'rotated', isEarly: false })
    expect(await rotateSigningKeys(path)).toMatchObject({ outcome: 'too-soon' })
  })

  test('does not wait if it is urgent, and reports that others may not know the key', async () => {
    const path = newPath()
    await generateSecrets(path)
    expect(await rotateSigningKeys(path, { isUrgent: true })).toMatchObject({
      outcome: 'rotated',
      isEarly: true,
    })
  })

  test('keeps a retired key for the given time, then drops it and its file', async () => {
    const path = await createDirectory()
    const { current: first = '' } = await signingStates(path)
    await rotateSigningKeys(path, { keep: 2 * HOUR })
    await age(path, 2 * HOUR - MINUTE)
    expect(await rotateSigningKeys(path, { keep: 2 * HOUR })).toMatchObject({ dropped: [] })
    const file = `signing-${first.slice(0, 8)}.pem`
    expect(await readdir(path)).toContain(file)
    await age(path, 10 * MINUTE)
    expect(await rotateSigningKeys(path, { keep: 2 * HOUR })).toMatchObject({ dropped: [first] })
    expect(await readdir(path)).not.toContain(file)
    const keys = await createKeySet(await load(path))
    expect([keys.isTrusted(first), keys.jwks().keys.length]).toEqual([false, 4])
  })

  test('keeps a retired key without a time as if it was retired now', async () => {
    const path = await createDirectory()
    await rotateSigningKeys(path)
    const { signing, secrets } = await keyringOf(path)
    await writeKeyring(path, { signing: signing.map(withoutTime), secrets })
    await age(path, 10 * MINUTE)
    expect(await rotateSigningKeys(path, { keep: 1 })).toMatchObject({ dropped: [] })
    const retired = (await keyringOf(path)).signing.filter(({ state }) => state === 'retired')
    expect(retired.map(({ retiredAt }) => typeof retiredAt)).toEqual(['number', 'number'])
  })

  test('drops the current and retired keys without waiting if asked', async () => {
    const path = await createDirectory()
    await rotateSigningKeys(path)
    const { retired = '', current = '', next } = await signingStates(path)
    const stolen = await createKeySet(await load(path))
    const token = stolen.sign('at+jwt', { sub: '7' })
    const rotation = await rotateSigningKeys(path, { dropsCurrent: true })
    expect(rotation).toMatchObject({
      outcome: 'rotated',
      current: next,
      dropped: [retired, current],
      isEarly: true,
    })
    const keys = await createKeySet(await load(path))
    expect(await keys.verify(token, 'at+jwt')).toBeUndefined()
    expect([retired, current, String(next)].map(keys.isTrusted)).toEqual([false, false, true])
    expect((await readdir(path)).filter((name) => name.startsWith('signing-'))).toHaveLength(2)
  })

  test.each([
    [{}, { algorithm: 'RS256', length: 2048 }, ['RS256', 2048]],
    [{ algorithm: 'RS256', length: 2056 }, {}, ['RS256', 2056]],
    [{ algorithm: 'EdDSA' }, {}, ['EdDSA', undefined]],
  ] as const)(
    'of %j with the options %j creates a next key of the right type',
    async (generated, options, type) => {
      const path = await createDirectory(generated)
      await rotateSigningKeys(path, options)
      const { next } = await signingStates(path)
      const jwks = (await createKeySet(await load(path))).jwks().keys
      const { alg, n } = jwks.find(({ kid }) => kid === next) ?? {}
      expect([alg, n && Buffer.from(n, 'base64url').length * 8]).toEqual(type)
    },
  )
})

describe('a rotation of root secrets', () => {
  test('creates refresh tokens with the promoted secret, and accepts those of all', async () => {
    const path = await createDirectory()
    const before = createDerivedKeys(await load(path))
    const [, next] = before.fingerprints
    const token = createRefreshTokens(before, 'https://a.example').format(PARTS)
    const rotation = await rotateRootSecrets(path, { registerFingerprint })
    const after = createDerivedKeys(await load(path))
    expect(after.fingerprint).toBe(next)
    expect(after.fingerprints).toHaveLength(3)
    expect(rotation).toMatchObject({ outcome: 'rotated', current: after.currentId, isEarly: false })
    const tokensAfter = createRefreshTokens(after, 'https://a.example')
    expect(tokensAfter.parse(token)).toEqual(PARTS)
    expect(createRefreshTokens(before, 'https://a.example').parse(tokensAfter.format(PARTS))).toEqual(PARTS)
    expect(tokensAfter.format(PARTS).slice('cons_rt_'.length).split('.')[0]).toBe(after.currentId)
  })

  test('registers the new fingerprint before it takes effect, and nothing if nothing changes', async () => {
    const path = await createDirectory()
    const fingerprints: string[] = []
    const register = async (fingerprint: string): Promise<void> => {
      expect(createDerivedKeys(await load(path)).fingerprint).not.toBe(fingerprint)
      fingerprints.push(fingerprint)
    }
    await rotateRootSecrets(path, { registerFingerprint: register })
    await rotateRootSecrets(path, { registerFingerprint: register })
    expect(fingerprints).toEqual([createDerivedKeys(await load(path)).fingerprint])
  })

  test('changes nothing if the fingerprint cannot be registered', async () => {
    const path = await createDirectory()
    const before = await contentOf(path)
    const fail = () => Promise.reject(new Error('the database is unavailable'))
    await expect(rotateRootSecrets(path, { registerFingerprint: fail })).rejects.toThrow(
      'the database is unavailable',
    )
    expect(await contentOf(path)).toEqual(before)
  })

  test('keeps a retired secret for 90 days by default', async () => {
    const path = await createDirectory()
    const { currentId } = createDerivedKeys(await load(path))
    await rotateRootSecrets(path, { registerFingerprint })
    await age(path, 90 * 24 * HOUR - MINUTE)
    expect(await rotateRootSecrets(path, { registerFingerprint })).toMatchObject({ dropped: [] })
    await age(path, 10 * MINUTE)
    expect(await rotateRootSecrets(path, { registerFingerprint })).toMatchObject({ dropped: [currentId] })
    expect(await readdir(path)).not.toContain(`secret-${currentId}.txt`)
  })

  test('does not change the signing keys', async () => {
    const path = await createDirectory()
    const { signing } = await keyringOf(path)
    await rotateRootSecrets(path, { registerFingerprint })
    expect((await keyringOf(path)).signing).toEqual(signing)
  })
})

describe('a keyring without next keys', () => {
  test('gets one first, and is rotated 10 minutes later', async () => {
    const path = await createDirectoryWithoutNext()
    const { current } = await signingStates(path)
    const prepared = await rotateSigningKeys(path)
    const { next } = await signingStates(path)
    expect(prepared).toEqual({ outcome: 'prepared', next, readyAt: expect.any(Number) as number })
    expect((await createKeySet(await load(path))).currentKid).toBe(current)
    expect(await rotateSigningKeys(path)).toMatchObject({ outcome: 'too-soon', next })
    await age(path, 10 * MINUTE)
    expect(await rotateSigningKeys(path)).toMatchObject({ outcome: 'rotated', current: next })
  })

  test('is rotated immediately if it is urgent', async () => {
    const path = await createDirectoryWithoutNext()
    const [{ current }, derived] = [await signingStates(path), createDerivedKeys(await load(path))]
    expect(await rotateSigningKeys(path, { isUrgent: true })).toMatchObject({
      outcome: 'rotated',
      isEarly: true,
    })
    expect(await signingStates(path)).toMatchObject({ retired: current, next: expect.any(String) as string })
    const rotation = await rotateRootSecrets(path, { registerFingerprint, dropsCurrent: true })
    expect(rotation).toMatchObject({ outcome: 'rotated', dropped: [derived.currentId] })
    expect(registered.at(-1)).toBe(createDerivedKeys(await load(path)).fingerprint)
  })
})

describe('a rotation is rejected', () => {
  test('for your own keys, with instructions for a manual rotation', async () => {
    const files = { 'a.pem': privatePem(), secret: randomBase64url(32) }
    const path = await directoryOf(files)
    const problem = `secrets: ${path} contains your own keys and no keyring.json. Rotate them manually with the environment variables CONSULATE_NEXT_PRIVATE_KEYS and CONSULATE_NEXT_SECRETS`
    expect(await problemsOf(rotateSigningKeys(path))).toEqual([problem])
    expect(await problemsOf(rotateRootSecrets(path, { registerFingerprint }))).toEqual([problem])
    expect(await contentOf(path)).toEqual(files)
  })

  test('for keys that a server could not start with', async () => {
    const path = await createDirectory()
    const { signing } = await keyringOf(path)
    await writeFile(join(path, signing[0]?.file ?? ''), privatePem())
    const before = await contentOf(path)
    expect(await problemsOf(rotateRootSecrets(path, { registerFingerprint }))).toHaveLength(1)
    expect(await contentOf(path)).toEqual(before)
  })

  test('while another command changes the keys', async () => {
    const path = await createDirectory()
    await writeFile(join(path, 'keyring.lock'), '1\n')
    const before = await contentOf(path)
    const problem = `secrets: another command is changing the keys. If no command is running, delete ${join(path, 'keyring.lock')}`
    expect(await problemsOf(rotateSigningKeys(path))).toEqual([problem])
    expect(await problemsOf(generateSecrets(path, { force: true }))).toEqual([problem])
    expect(await contentOf(path)).toEqual(before)
  })

  test('if it conflicts with a concurrent one, so that each one that succeeds takes effect', async () => {
    const path = await createDirectory()
    const { signing, secrets } = await keyringOf(path)
    const attempts = Array.from({ length: 8 }, (_, index) =>
      problemsOf(
        index % 2
          ? rotateRootSecrets(path, { registerFingerprint, isUrgent: true })
          : rotateSigningKeys(path, { isUrgent: true }),
      ),
    )
    const succeeded = (await Promise.all(attempts)).filter((problems) => problems.length === 0).length
    const after = await keyringOf(path)
    expect(succeeded).toBeGreaterThan(0)
    expect(after.signing.length - signing.length + after.secrets.length - secrets.length).toBe(succeeded)
    const listed = [...after.signing, ...after.secrets].map(({ file }) => file)
    expect((await readdir(path)).sort()).toEqual([...listed, '.gitignore', 'keyring.json'].sort())
    await createKeySet(await load(path))
  })
})

describe('the files of a rotation', () => {
  const isRoot = isAvailable(
    process.getuid?.() === 0,
    'Skipping a test of keys that root rotates for another user. Run it as root.',
  )
  test.runIf(isRoot)('get the owner of the directory if root rotates', async () => {
    const path = await createDirectory()
    await chown(path, 1234, 2345)
    await rotateSigningKeys(path)
    const { signing } = await keyringOf(path)
    for (const file of ['keyring.json', signing.at(-1)?.file ?? '']) {
      const { uid, gid, mode } = await stat(join(path, file))
      expect([uid, gid, mode & 0o777], file).toEqual([1234, 2345, 0o600])
    }
  })

  test('can be removed during a read, which then reads the new keyring', async () => {
    const path = await createDirectory()
    const { signing, secrets } = await keyringOf(path)
    const [slow = '', dropped = ''] = [signing[1]?.file, secrets[1]?.file].map((file) =>
      join(path, file ?? ''),
    )
    const pem = await readFile(slow)
    await rm(slow)
    execFileSync('sh', ['-c', 'mkfifo "$0"', slow])
    const reading = load(path)
    // This waits until the reader has opened the pipe, and therefore has read the old keyring.
    const pipe = await open(slow, 'w')
    await writeKeyring(path, { signing, secrets: secrets.slice(0, 1) })
    await Promise.all([rm(dropped), rm(slow)])
    await writeFile(slow, pem)
    await pipe.writeFile(pem)
    await pipe.close()
    expect((await reading).secrets).toHaveLength(1)
  })

  test('that are missing are reported', async () => {
    const path = await createDirectory()
    const file = join(path, (await keyringOf(path)).secrets[1]?.file ?? '')
    await rm(file)
    expect(await problemsOf(load(path))).toEqual([`secrets: cannot read ${file} (ENOENT)`])
  })
})

describe('the version of a directory', () => {
  test('changes only with the keyring, even if its length and time stay the same', async () => {
    const path = await createDirectory()
    const file = join(path, 'keyring.json')
    const { version } = secretsFromDirectory(path)
    const first = await version?.()
    expect(await version?.()).toBe(first)
    const { atime, mtime } = await stat(file)
    await rotateSigningKeys(path)
    const second = await version?.()
    await utimes(file, atime, mtime)
    expect(new Set([first, second, await version?.()]).size).toBe(3)
  })

  test('is defined even if the keyring or directory is missing', async () => {
    const path = newPath()
    const source = secretsFromDirectory(path)
    const versions = [await source.version?.()]
    await mkdir(path, { recursive: true })
    versions.push(await source.version?.())
    expect(versions).toEqual(['ENOENT', 'ENOENT'])
  })
})
