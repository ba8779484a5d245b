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
import { contentOf, directoryOf, kidOf, newPath, pemOf, problemsOf, publicPem } from './keys-support.ts'

describe('a keyring', () => {
  /** A directory with a retired, a current and a next one of each kind, in this order. */
  async function rotated() {
    const path = newPath()
    await generateSecrets(path)
    await rotateSigningKeys(path, { isUrgent: true })
    await rotateRootSecrets(path, { isUrgent: true, registerFingerprint: async () => undefined })
    const { 'keyring.json': text = '' } = await contentOf(path)
    const { signing, secrets } = parseKeyring(text) ?? { signing: [], secrets: [] }
    return { path, signing, secrets, kids: signing.map(({ kid }) => kid) }
  }

  test('gives every key its state', async () => {
    const { path, kids, ...keyring } = await rotated()
    const secrets = await secretsFromDirectory(path).load()
    const keys = await createKeySet(secrets)
    const derived = createDerivedKeys(secrets)
    const [retired, current, next] = kids
    expect(keys.currentKid).toBe(current)
    expect(keys.jwks().keys.map(({ kid }) => kid)).toEqual([current, retired, next])
    const [old, present, upcoming] = keyring.secrets.map(({ id }) => id)
    expect(derived.currentId).toBe(present)
    expect([...derived.keysById('code').keys()]).toEqual([present, old, upcoming])
  })

  test('is read anew at each load', async () => {
    const { path, kids } = await rotated()
    const source = secretsFromDirectory(path)
    expect(await kidOf(source)).toBe(kids[1])
    const { kid } = await generateSecrets(path, { force: true })
    expect(await kidOf(source)).toBe(kid)
  })

  test('is refused with every file that is missing or was exchanged', async () => {
    const { path, signing, secrets } = await rotated()
    const fileOf = ({ file }: { file: string }): string => join(path, file)
    const [retired = '', current = '', next = ''] = signing.map(fileOf)
    const [secret = ''] = secrets.map(fileOf)
    await rm(current)
    await rm(next)
    await mkdir(next)
    await writeFile(retired, pemOf())
    await writeFile(secret, randomBase64url(32))
    const problems = await problemsOf(secretsFromDirectory(path).load())
    expect(problems.toSorted()).toEqual(
      [
        `secrets: ${current} cannot be read (ENOENT)`,
        `secrets: ${next} cannot be read (EISDIR)`,
        `secrets: ${retired} is not the one that keyring.json was written for`,
        `secrets: ${secret} is not the one that keyring.json was written for`,
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
  ])('is damaged: %s', async (text) => {
    const path = await directoryOf({ 'keyring.json': text })
    expect(await problemsOf(secretsFromDirectory(path).load())).toEqual([
      `secrets: ${join(path, 'keyring.json')} is damaged: restore it from a backup`,
    ])
  })
})

describe('a directory of your own', () => {
  test.each([
    ['signing.pem', 'secret'],
    ['oauth-private.key', 'secret.txt'],
    ['tls.pem', 'secret-of-mine.txt'],
  ])('needs no keyring: %s and %s', async (keyFile, secretFile) => {
    const value = randomBase64url(32)
    const path = await directoryOf({
      [keyFile]: pemOf('ed25519'),
      [secretFile]: `${value}\n`,
      'oauth-public.key': publicPem(),
      'notes.txt': 'not a secret',
    })
    const secrets = await secretsFromDirectory(path).load()
    expect((await createKeySet(secrets)).algorithm).toBe('EdDSA')
    expect(secrets.secrets).toEqual([{ value }])
  })

  test('is refused with several keys and no secret, both told at once', async () => {
    const path = await directoryOf({ 'a.pem': pemOf(), 'b.key': pemOf() })
    expect(await problemsOf(secretsFromDirectory(path).load())).toEqual([
      `secrets: without keyring.json, ${path} needs exactly one private key (*.pem or *.key); there are 2: a.pem, b.key`,
      `secrets: without keyring.json, ${path} needs exactly one secret (secret or secret*.txt); there is none`,
    ])
  })

  test('is refused with a file that cannot be read', async () => {
    const path = await directoryOf({ 'a.pem': pemOf(), secret: randomBase64url(32) })
    await mkdir(join(path, 'b.pem'))
    const problem = `secrets: ${join(path, 'b.pem')} cannot be read (EISDIR)`
    expect(await problemsOf(secretsFromDirectory(path).load())).toEqual([problem])
    expect(await problemsOf(generateSecrets(path))).toEqual([problem])
  })

  test('that is missing, empty or no directory says what to do', async () => {
    const [missing, empty] = [newPath(), await directoryOf({})]
    const file = join(await directoryOf({ secrets: '' }), 'secrets')
    expect(await problemsOf(secretsFromDirectory(missing).load())).toEqual([
      `secrets: there is no directory ${missing}: run \`consulate install\``,
    ])
    expect(await problemsOf(secretsFromDirectory(empty).load())).toEqual([
      `secrets: there are no keys in ${empty}: run \`consulate install\``,
    ])
    expect(await problemsOf(secretsFromDirectory(file).load())).toEqual([
      `secrets: the directory ${file} cannot be read (ENOTDIR)`,
    ])
    expect(secretsFromDirectory('./secrets').description).toBe('the directory ./secrets')
  })
})
