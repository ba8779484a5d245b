import { mkdir, readdir, readFile, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { setImmediate as nextTurn } from 'node:timers/promises'
import { describe, expect, test } from 'vitest'
import { randomBase64url } from '../../src/lib/hash.ts'
import { createDerivedKeys } from '../../src/keys/derived.ts'
import { secretsFromDirectory } from '../../src/keys/directory.ts'
import { generateSecrets } from '../../src/keys/generate.ts'
import { createKeySet } from '../../src/keys/key-set.ts'
import { contentOf, directoryOf, kidOf, newPath, pemOf, problemsOf, publicPem } from './keys-support.ts'

const modeOf = async (path: string) => ((await stat(path)).mode & 0o777).toString(8)

/** What a JSON file held, read over and over until the work is done. */
async function readUntil(work: Promise<unknown>, file: string): Promise<readonly unknown[]> {
  const state = { isDone: false }
  const end = work.finally(() => (state.isDone = true))
  const seen: unknown[] = []
  while (!state.isDone) seen.push(JSON.parse(await readFile(file, 'utf8')))
  await end
  return seen
}

/** Waits until the first key lies there and the keyring does not; whether that moment could be caught. */
async function isHalfMade(path: string): Promise<boolean> {
  for (;;) {
    const names = await readdir(path).catch((): string[] => [])
    if (names.includes('keyring.json')) return false
    if (names.some((name) => name.endsWith('.pem'))) return true
    await nextTurn()
  }
}

describe('new secrets', () => {
  test.each([
    [{}, 'ES256'],
    [{ algorithm: 'EdDSA' }, 'EdDSA'],
    [{ algorithm: 'RS256', length: 2048 }, 'RS256'],
    [{ algorithm: 'PS256', length: 2048 }, 'PS256'],
  ] as const)('sign once they are made: %j', async (options, algorithm) => {
    const path = newPath()
    const made = await generateSecrets(path, options)
    const secrets = await secretsFromDirectory(path).load()
    const keys = await createKeySet(secrets)
    expect([keys.algorithm, keys.currentKid]).toEqual([algorithm, made.kid])
    expect(await keys.verify(keys.sign('at+jwt', { sub: '7' }), 'at+jwt')).toBeDefined()
    expect(secrets.signingKeys.map(({ state }) => state)).toEqual(['current', 'next'])
    expect(secrets.secrets.map(({ state }) => state)).toEqual(['current', 'next'])
  })

  test('have the length that was asked for, by default 4096 bits', async () => {
    for (const length of [2048, 3072, undefined]) {
      const path = newPath()
      await generateSecrets(path, { algorithm: 'RS256', ...(length !== undefined && { length }) })
      const [jwk] = (await createKeySet(await secretsFromDirectory(path).load())).jwks().keys
      expect(Buffer.from(jwk?.n ?? '', 'base64url').length * 8).toBe(length ?? 4096)
    }
  })

  test('belong to their owner alone and stay out of git', async () => {
    const path = newPath()
    const { files } = await generateSecrets(path)
    expect(await modeOf(path)).toBe('700')
    expect((await readdir(path)).sort()).toEqual(['.gitignore', ...files].sort())
    for (const file of files) expect(await modeOf(join(path, file)), file).toBe('600')
    expect(await readFile(join(path, '.gitignore'), 'utf8')).toBe('*\n')
  })

  test('are named in a keyring that holds none of them', async () => {
    const path = newPath()
    const { files, kid } = await generateSecrets(path)
    const { 'keyring.json': keyring = '', ...content } = await contentOf(path)
    const secrets = await secretsFromDirectory(path).load()
    const kids = (await createKeySet(secrets)).jwks().keys.map((jwk) => jwk.kid ?? '')
    const ids = [...createDerivedKeys(secrets).keysById('code').keys()]
    const states = ['current', 'next']
    const createdAt = expect.any(Number) as number
    const algorithm = 'ES256'
    expect(kids[0]).toBe(kid)
    expect(JSON.parse(keyring)).toEqual({
      signing: kids.map((id, index) => {
        return { file: `signing-${id.slice(0, 8)}.pem`, kid: id, algorithm, state: states[index], createdAt }
      }),
      secrets: ids.map((id, index) => {
        return { file: `secret-${id}.txt`, id, state: states[index], createdAt }
      }),
    })
    expect(Object.keys(content).sort()).toEqual(['.gitignore', ...files.slice(0, -1)].sort())
    for (const file of files.slice(0, -1)) {
      for (const [, line] of `${content[file]}`.matchAll(/^([^-].+)$/gm)) expect(keyring).not.toContain(line)
    }
  })

  test('leave a .gitignore of yours alone', async () => {
    const path = await directoryOf({ '.gitignore': '*.pem\n' })
    await generateSecrets(path)
    expect(await readFile(join(path, '.gitignore'), 'utf8')).toBe('*.pem\n')
  })

  test.each([
    [{ algorithm: 'HS256' as 'ES256' }, 'algorithm: must be one of ES256, RS256, PS256, EdDSA'],
    [{ algorithm: 'RS256', length: 1024 }, 'length: must be a number of bits from 2048 to 16384'],
    [{ algorithm: 'RS256', length: 2048.5 }, 'length: must be a number of bits from 2048 to 16384'],
    [{ algorithm: 'PS256', length: 1e6 }, 'length: must be a number of bits from 2048 to 16384'],
    [{ length: 4096 }, 'length: is for RSA keys: choose the algorithm RS256 or PS256, or leave it out'],
  ] as const)('are not made with %j', async (options, problem) => {
    const path = newPath()
    expect(await problemsOf(generateSecrets(path, options))).toEqual([problem])
    await expect(stat(path)).rejects.toThrow('ENOENT')
  })
})

describe('existing secrets', () => {
  const untouched = { created: false, files: [], kid: null }

  test('are not overwritten', async () => {
    const path = newPath()
    await generateSecrets(path)
    const before = await contentOf(path)
    expect(await generateSecrets(path)).toEqual({ ...untouched, directory: path })
    expect(await contentOf(path)).toEqual(before)
  })

  test.each(['oauth-private.key', 'tls.pem'])('are not shadowed when they are your own: %s', async (name) => {
    const path = await directoryOf({ [name]: pemOf() })
    expect((await generateSecrets(path)).created).toBe(false)
    expect(await readdir(path)).toEqual([name])
  })

  test.each(['secret', 'secret.txt', 'secret-abcdefgh.txt'])(
    'count even when only %s is left',
    async (name) => {
      const path = await directoryOf({ [name]: randomBase64url(32) })
      expect((await generateSecrets(path)).created).toBe(false)
      expect(await readdir(path)).toEqual([name])
    },
  )

  test('are not what a certificate or a public key is', async () => {
    const path = await directoryOf({ 'public.pem': publicPem() })
    expect((await generateSecrets(path)).created).toBe(true)
  })

  test('are replaced by force, and the old ones are gone', async () => {
    const path = newPath()
    const old = await generateSecrets(path)
    const made = await generateSecrets(path, { force: true, algorithm: 'EdDSA' })
    expect(made.created).toBe(true)
    expect((await readdir(path)).sort()).toEqual(['.gitignore', ...made.files].sort())
    expect(await kidOf(secretsFromDirectory(path))).toBe(made.kid)
    expect(made.kid).not.toBe(old.kid)
    expect(await modeOf(join(path, 'keyring.json'))).toBe('600')
  })

  test('are replaced by force when the keyring is damaged, and files that it does not name stay', async () => {
    const path = await directoryOf({ 'keyring.json': '{', 'tls.pem': pemOf() })
    const { kid } = await generateSecrets(path, { force: true })
    expect(await kidOf(secretsFromDirectory(path))).toBe(kid)
    expect(await readdir(path)).toContain('tls.pem')
  })

  test('come about once, when several make them at the same time', async () => {
    for (let round = 0; round < 20; round++) {
      const path = newPath()
      const results = await Promise.all(Array.from({ length: 5 }, () => generateSecrets(path)))
      const [winner, ...others] = results.filter(({ created }) => created)
      expect(others).toEqual([])
      expect((await readdir(path)).sort()).toEqual(['.gitignore', ...(winner?.files ?? [])].sort())
      expect(await kidOf(secretsFromDirectory(path))).toBe(winner?.kid)
    }
  })

  test('are there for whoever comes while another one makes them', async () => {
    let met = 0
    for (let round = 0; round < 20; round++) {
      const path = newPath()
      const first = generateSecrets(path)
      if (await isHalfMade(path)) met += 1
      const second = await generateSecrets(path)
      const kid = await kidOf(secretsFromDirectory(path))
      expect([second.kid, (await first).kid]).toContain(kid)
    }
    expect(met).toBeGreaterThan(0)
  })

  test('are made once more where making them was cut off', async () => {
    let met = 0
    for (let round = 0; round < 20; round++) {
      const path = newPath()
      const whole = generateSecrets(path)
      const files = (await isHalfMade(path)) ? await contentOf(path).catch(() => ({})) : {}
      await whole
      if (Object.keys(files).length === 0 || 'keyring.json' in files) continue
      met += 1
      const cutOff = await directoryOf(files)
      const made = await generateSecrets(cutOff)
      expect([made.created, await kidOf(secretsFromDirectory(cutOff))]).toEqual([true, made.kid])
    }
    expect(met).toBeGreaterThan(0)
  })

  test('are whole for whoever reads while they are replaced by force', async () => {
    const path = newPath()
    await generateSecrets(path)
    let work = Promise.resolve()
    for (let round = 0; round < 20; round++) {
      work = work.then(() => generateSecrets(path, { force: true })).then(() => undefined)
    }
    const seen = await readUntil(work, join(path, 'keyring.json'))
    expect(new Set(seen.map((keyring) => JSON.stringify(keyring))).size).toBeGreaterThan(1)
  })

  test('leave nothing behind when the keyring cannot be put in its place', async () => {
    const path = newPath()
    await mkdir(join(path, 'keyring.json', 'in the way'), { recursive: true })
    await expect(generateSecrets(path, { force: true })).rejects.toThrow()
    expect((await readdir(path)).sort()).toEqual(['.gitignore', 'keyring.json'])
  })
})
