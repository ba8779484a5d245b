import { mkdir, readdir, readFile, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { randomBase64url } from '../../src/lib/hash.ts'
import { createDerivedKeys } from '../../src/keys/derived.ts'
import { secretsFromDirectory } from '../../src/keys/directory.ts'
import { generateSecrets } from '../../src/keys/generate.ts'
import { resolveKeyType } from '../../src/keys/key-material.ts'
import { createKeySet } from '../../src/keys/key-set.ts'
import {
  contentOf,
  directoryOf,
  currentKidOf,
  newPath,
  privatePem,
  problemsOf,
  publicPem,
} from './keys-support.ts'

const modeOf = async (path: string) => ((await stat(path)).mode & 0o777).toString(8)

/** Reads a JSON file repeatedly until the work is done. Returns everything that was read. */
async function readDuring(work: () => Promise<unknown>, file: string): Promise<readonly unknown[]> {
  const read = async (): Promise<unknown> => JSON.parse(await readFile(file, 'utf8'))
  const state = { isDone: false }
  const contents = [await read()]
  const end = work().finally(() => (state.isDone = true))
  while (!state.isDone) contents.push(await read())
  await end
  return [...contents, await read()]
}

describe('new secrets', () => {
  test.each([
    [{}, 'ES256'],
    [{ algorithm: 'EdDSA' }, 'EdDSA'],
    [{ algorithm: 'RS256', length: 2048 }, 'RS256'],
    [{ algorithm: 'PS256', length: 2048 }, 'PS256'],
  ] as const)('can sign immediately: %j', async (options, algorithm) => {
    const path = newPath()
    const generated = await generateSecrets(path, options)
    const secrets = await secretsFromDirectory(path).load()
    const keys = await createKeySet(secrets)
    expect([keys.algorithm, keys.currentKid]).toEqual([algorithm, generated.kid])
    expect(await keys.verify(keys.sign('at+jwt', { sub: '7' }), 'at+jwt')).toBeDefined()
    expect(secrets.signingKeys.map(({ state }) => state)).toEqual(['current', 'next'])
    expect(secrets.secrets.map(({ state }) => state)).toEqual(['current', 'next'])
  })

  test('have the requested length, by default 4096 bits', async () => {
    const path = newPath()
    await generateSecrets(path, { algorithm: 'RS256', length: 2056 })
    const [jwk] = (await createKeySet(await secretsFromDirectory(path).load())).jwks().keys
    expect(Buffer.from(jwk?.n ?? '', 'base64url').length * 8).toBe(2056)
    expect(resolveKeyType({ algorithm: 'RS256' }).length).toBe(4096)
  })

  test('are readable for their owner only, and ignored by git', async () => {
    const path = newPath()
    const { files } = await generateSecrets(path)
    expect(await modeOf(path)).toBe('700')
    expect((await readdir(path)).sort()).toEqual(['.gitignore', ...files].sort())
    for (const file of files) expect(await modeOf(join(path, file)), file).toBe('600')
    expect(await readFile(join(path, '.gitignore'), 'utf8')).toBe('*\n')
  })

  test('are listed in a keyring that contains no secret', async () => {
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

  test('do not overwrite an existing .gitignore', async () => {
    const path = await directoryOf({ '.gitignore': '*.pem\n' })
    await generateSecrets(path)
    expect(await readFile(join(path, '.gitignore'), 'utf8')).toBe('*.pem\n')
  })

  test.each([
    [{ algorithm: 'HS256' as 'ES256' }, 'algorithm: must be one of ES256, RS256, PS256, EdDSA'],
    [{ algorithm: 'RS256', length: 1024 }, 'length: must be a number of bits from 2048 to 16384'],
    [{ algorithm: 'RS256', length: 2048.5 }, 'length: must be a number of bits from 2048 to 16384'],
    [{ algorithm: 'PS256', length: 1e6 }, 'length: must be a number of bits from 2048 to 16384'],
    [{ length: 4096 }, 'length: is for RSA keys only (RS256 or PS256)'],
  ] as const)('are not generated with %j', async (options, problem) => {
    const path = newPath()
    expect(await problemsOf(generateSecrets(path, options))).toEqual([problem])
    await expect(stat(path)).rejects.toThrow('ENOENT')
  })
})

describe('existing secrets', () => {
  const unchanged = { created: false, files: [], kid: null }

  test('are not overwritten', async () => {
    const path = newPath()
    await generateSecrets(path)
    const before = await contentOf(path)
    expect(await generateSecrets(path)).toEqual(unchanged)
    expect(await contentOf(path)).toEqual(before)
  })

  test.each(['oauth-private.key', 'tls.pem'])('are kept if they are your own: %s', async (name) => {
    const path = await directoryOf({ [name]: privatePem() })
    expect((await generateSecrets(path)).created).toBe(false)
    expect(await readdir(path)).toEqual([name])
  })

  test.each(['secret', 'secret.txt', 'secret-abcdefgh.txt'])(
    'are kept even if only %s is left',
    async (name) => {
      const path = await directoryOf({ [name]: randomBase64url(32) })
      expect((await generateSecrets(path)).created).toBe(false)
      expect(await readdir(path)).toEqual([name])
    },
  )

  test('do not include certificates and public keys', async () => {
    const path = await directoryOf({ 'public.pem': publicPem() })
    expect((await generateSecrets(path)).created).toBe(true)
  })

  test('are replaced and deleted with force', async () => {
    const path = newPath()
    const old = await generateSecrets(path)
    const generated = await generateSecrets(path, { force: true, algorithm: 'EdDSA' })
    expect(generated.created).toBe(true)
    expect((await readdir(path)).sort()).toEqual(['.gitignore', ...generated.files].sort())
    expect(await currentKidOf(secretsFromDirectory(path))).toBe(generated.kid)
    expect(generated.kid).not.toBe(old.kid)
    expect(await modeOf(join(path, 'keyring.json'))).toBe('600')
  })

  test('are replaced with force if the keyring is invalid, and files that it does not list are kept', async () => {
    const path = await directoryOf({ 'keyring.json': '{', 'tls.pem': privatePem() })
    const { kid } = await generateSecrets(path, { force: true })
    expect(await currentKidOf(secretsFromDirectory(path))).toBe(kid)
    expect(await readdir(path)).toContain('tls.pem')
  })

  test('are generated once by several concurrent calls', async () => {
    for (let round = 0; round < 20; round++) {
      const path = newPath()
      const results = await Promise.all(Array.from({ length: 5 }, () => generateSecrets(path)))
      const [winner, ...others] = results.filter(({ created }) => created)
      expect(others).toEqual([])
      expect((await readdir(path)).sort()).toEqual(['.gitignore', ...(winner?.files ?? [])].sort())
      expect(await currentKidOf(secretsFromDirectory(path))).toBe(winner?.kid)
    }
  })

  test.each([0, 1, 4])('are generated again if the first run stopped after %i files', async (count) => {
    const path = newPath()
    const { files } = await generateSecrets(path)
    const { 'keyring.json': keyring = '', ...content } = await contentOf(path)
    const written = files.slice(0, count).map((file) => [file, content[file] ?? ''] as const)
    const interrupted = await directoryOf({ '.temporary.new': keyring, ...Object.fromEntries(written) })
    const { created, kid } = await generateSecrets(interrupted)
    expect([created, await currentKidOf(secretsFromDirectory(interrupted))]).toEqual([true, kid])
  })

  test('can be read while they are replaced with force', async () => {
    const path = newPath()
    await generateSecrets(path)
    const replaceRepeatedly = async (): Promise<void> => {
      for (let round = 0; round < 20; round++) await generateSecrets(path, { force: true })
    }
    const keyrings = await readDuring(replaceRepeatedly, join(path, 'keyring.json'))
    expect(new Set(keyrings.map((keyring) => JSON.stringify(keyring))).size).toBeGreaterThan(1)
  })

  test('are removed if the keyring cannot be written', async () => {
    const path = newPath()
    await mkdir(join(path, 'keyring.json', 'in the way'), { recursive: true })
    await expect(generateSecrets(path, { force: true })).rejects.toThrow()
    expect((await readdir(path)).sort()).toEqual(['.gitignore', 'keyring.json'])
  })
})
