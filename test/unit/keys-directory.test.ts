import { mkdir, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { randomBase64url } from '../../src/lib/hash.ts'
import { createDerivedKeys } from '../../src/keys/derived.ts'
import { secretsFromDirectory } from '../../src/keys/directory.ts'
import { generateSecrets } from '../../src/keys/generate.ts'
import { createKeySet } from '../../src/keys/key-set.ts'
import { parseKeyring } from '../../src/keys/keyring.ts'
import { rotateRootSecrets, rotateSigningKeys } from '../../src/keys/rotation.ts'
import {
  contentOf,
  directoryOf,
  currentKidOf,
  newPath,
  privatePem,
  problemsOf,
  publicPem,
} from './keys-support.ts'

describe('a keyring', () => {
  /** Creates a directory with a retired, a current and a next key of each kind, in this order. */
  async function createRotatedDirectory() {
    const path = newPath()
    await generateSecrets(path)
    await rotateSigningKeys(path, { isUrgent: true })
    await rotateRootSecrets(path, { isUrgent: true, registerFingerprint: async () => undefined })
    const { 'keyring.json': text = '' } = await contentOf(path)
    const { signing, secrets } = parseKeyring(text) ?? { signing: [], secrets: [] }
    return { path, signing, secrets, kids: signing.map(({ kid }) => kid) }
  }

  test('defines the state of every key', async () => {
    const { path, kids, ...keyring } = await createRotatedDirectory()
    const secrets = await secretsFromDirectory(path).load()
    const keys = await createKeySet(secrets)
    const derived = createDerivedKeys(secrets)
    const [retired, current, next] = kids
    expect(keys.currentKid).toBe(current)
    expect(keys.jwks().keys.map(({ kid }) => kid)).toEqual([current, retired, next])
    const [retiredId, currentId, nextId] = keyring.secrets.map(({ id }) => id)
    expect(derived.currentId).toBe(currentId)
    expect([...derived.keysById('code').keys()]).toEqual([currentId, retiredId, nextId])
  })

  test('is read again by each load', async () => {
    const { path, kids } = await createRotatedDirectory()
    const source = secretsFromDirectory(path)
    expect(await currentKidOf(source)).toBe(kids[1])
    const { kid } = await generateSecrets(path, { force: true })
    expect(await currentKidOf(source)).toBe(kid)
  })

  test('is rejected with a list of all files that are missing or replaced', async () => {
    const { path, signing, secrets } = await createRotatedDirectory()
    const fileOf = ({ file }: { file: string }): string => join(path, file)
    const [retired = '', current = '', next = ''] = signing.map(fileOf)
    const [secret = ''] = secrets.map(fileOf)
    await rm(current)
    await rm(next)
    await mkdir(next)
    await writeFile(retired, privatePem())
    await writeFile(secret, randomBase64url(32))
    const problems = await problemsOf(secretsFromDirectory(path).load())
    expect(problems.toSorted()).toEqual(
      [
        `secrets: cannot read ${current} (ENOENT)`,
        `secrets: cannot read ${next} (EISDIR)`,
        `secrets: ${retired} is not the file that keyring.json lists`,
        `secrets: ${secret} is not the file that keyring.json lists`,
      ].sort(),
    )
  })

  const entry = { file: 'signing-a.pem', kid: 'a', algorithm: 'ES256', state: 'current', createdAt: 1 }
  test.each([
    [''],
    ['{'],
    ['null'],
    ['[]'],
    ['{}'],
    ['{"signing":[]}'],
    ['{"signing":[null],"secrets":[]}'],
    ...[
      { file: '../signing-a.pem' },
      { file: '/etc/passwd' },
      { file: 'a\\b.pem' },
      { file: '..' },
      { file: '' },
      { kid: 7 },
      { algorithm: 'HS256' },
      { state: 'future' },
      { createdAt: '1' },
      { retiredAt: null },
    ].map((change) => [JSON.stringify({ signing: [{ ...entry, ...change }], secrets: [] })]),
  ])('is invalid if it is %s', async (text) => {
    const path = await directoryOf({ 'keyring.json': text })
    expect(await problemsOf(secretsFromDirectory(path).load())).toEqual([
      `secrets: ${join(path, 'keyring.json')} is invalid. Restore it from a backup`,
    ])
  })
})

describe('a directory of your own', () => {
  test.each([
    ['signing.pem', 'secret'],
    ['oauth-private.key', 'secret.txt'],
    ['tls.pem', 'secret-of-mine.txt'],
  ])('needs no keyring if it contains %s and %s', async (keyFile, secretFile) => {
    const value = randomBase64url(32)
    const path = await directoryOf({
      [keyFile]: privatePem('ed25519'),
      [secretFile]: `${value}\n`,
      'oauth-public.key': publicPem(),
      'notes.txt': 'not a secret',
    })
    const secrets = await secretsFromDirectory(path).load()
    expect((await createKeySet(secrets)).algorithm).toBe('EdDSA')
    expect(secrets.secrets).toEqual([{ value }])
  })

  test('is rejected if it has several keys and no secret, with both problems', async () => {
    const path = await directoryOf({ 'a.pem': privatePem(), 'b.key': privatePem() })
    expect(await problemsOf(secretsFromDirectory(path).load())).toEqual([
      `secrets: ${path} must contain exactly one private key (*.pem or *.key) or a keyring.json. Found 2: a.pem, b.key`,
      `secrets: ${path} must contain exactly one secret (secret or secret*.txt) or a keyring.json. Found none`,
    ])
  })

  test('is rejected if a file cannot be read', async () => {
    const path = await directoryOf({ 'a.pem': privatePem(), secret: randomBase64url(32) })
    await mkdir(join(path, 'b.pem'))
    const problem = `secrets: cannot read ${join(path, 'b.pem')} (EISDIR)`
    expect(await problemsOf(secretsFromDirectory(path).load())).toEqual([problem])
    expect(await problemsOf(generateSecrets(path))).toEqual([problem])
  })

  test('that is missing, empty or not a directory is rejected with a way to fix it', async () => {
    const [missing, empty] = [newPath(), await directoryOf({})]
    const file = join(await directoryOf({ secrets: '' }), 'secrets')
    expect(await problemsOf(secretsFromDirectory(missing).load())).toEqual([
      `secrets: the directory ${missing} does not exist. Run \`consulate install\``,
    ])
    expect(await problemsOf(secretsFromDirectory(empty).load())).toEqual([
      `secrets: ${empty} contains no keys. Run \`consulate install\``,
    ])
    expect(await problemsOf(secretsFromDirectory(file).load())).toEqual([
      `secrets: cannot read the directory ${file} (ENOTDIR)`,
    ])
    expect(secretsFromDirectory('./secrets').description).toBe('the directory ./secrets')
  })
})
