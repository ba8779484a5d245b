import { generateKeyPairSync } from 'node:crypto'
import { mkdir, mkdtemp, readdir, readFile, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { ConfigError } from '../../src/errors.ts'
import { createKeySet } from '../../src/keys/key-set.ts'
import type { SecretsSource } from '../../src/keys/secrets-source.ts'

const root = await mkdtemp(join(tmpdir(), 'consulate-keys-'))

let count = 0

/** Returns a path that does not exist yet. */
export const newPath = (): string => join(root, `${count++}`, 'secrets')

/** Creates a directory with these files. */
export async function directoryOf(files: Readonly<Record<string, string>>): Promise<string> {
  const path = newPath()
  await mkdir(path, { recursive: true })
  for (const [name, text] of Object.entries(files)) await writeFile(join(path, name), text)
  return path
}

/** Returns the content of every file in a directory. */
export async function contentOf(path: string): Promise<Record<string, string>> {
  const names = (await readdir(path)).sort()
  return Object.fromEntries(
    await Promise.all(names.map(async (name) => [name, await readFile(join(path, name), 'utf8')] as const)),
  )
}

/** Returns the problems of the `ConfigError` that is thrown, or an empty list if the work succeeds. */
export const problemsOf = (work: Promise<unknown>): Promise<readonly string[]> =>
  work.then(
    () => [],
    (error: unknown) => {
      if (!(error instanceof ConfigError)) throw error
      return error.problems.map(({ path, message }) => `${path}: ${message}`)
    },
  )

/** Returns the `kid` of the current key. */
export const currentKidOf = async (source: SecretsSource): Promise<string> =>
  (await createKeySet(await source.load())).currentKid

/** Generates a private key as PKCS#8. */
export function privatePem(type: 'ec' | 'ed25519' = 'ec'): string {
  const pair = type === 'ec' ? generateKeyPairSync(type, { namedCurve: 'P-256' }) : generateKeyPairSync(type)
  return pair.privateKey.export({ type: 'pkcs8', format: 'pem' }).toString()
}

export const publicPem = (): string =>
  generateKeyPairSync('ed25519').publicKey.export({ type: 'spki', format: 'pem' }).toString()
