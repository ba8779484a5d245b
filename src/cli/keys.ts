import { directoryKeys, managedKeysOf } from '../keys/managed-directory.ts'
import type { GenerateOptions, ManagedKeys, SealedKeys } from '../keys/managed.ts'
import { systemClock } from '../lib/clock.ts'
import { displayPath } from './config-error.ts'
import { CommandError, UsageError } from './errors.ts'
import { print, printJson } from './output.ts'
import { isInstalled, requireInstalled, withProject, type Project } from './project.ts'
import { rotateRootSecret, rotateSigningKey, type RotateFlags } from './rotate.ts'

/** The flags of `consulate keys`. */
export interface KeysOptions extends CreateFlags, RotateFlags {
  readonly rotate?: boolean
  readonly rotateSecret?: boolean
  readonly reseal?: boolean
  /** A directory of secrets. */
  readonly import?: string
}

interface CreateFlags extends Pick<GenerateOptions, 'algorithm' | 'length' | 'force'> {
  readonly json?: boolean | undefined
}

/** `consulate keys`: creates keys and secrets, rotates one or the other, or seals those in the database. */
export async function keys(options: KeysOptions): Promise<void> {
  const { rotate, rotateSecret, reseal, import: directory, now, dropCurrent, ...createFlags } = options
  if (rotate) return rotateSigningKey(options)
  if (rotateSecret) return rotateRootSecret(options)
  if (now || dropCurrent)
    throw new UsageError('--now and --drop-current require --rotate or --rotate-secret.')
  if (reseal) return resealKeys(createFlags)
  if (directory !== undefined) return importKeys(directory, createFlags)
  return createKeys(createFlags)
}

/** Throws `UsageError` if `--length` is given for a type of key that has one length only. */
export function checkKeyOptions({ algorithm, length }: Pick<GenerateOptions, 'algorithm' | 'length'>): void {
  if (length === undefined || algorithm === 'RS256' || algorithm === 'PS256') return
  throw new UsageError('--length requires --algorithm RS256 or PS256: only RSA keys have a choice of length.')
}

/** Keeps existing keys unless `force` is set. */
function createKeys({ json = false, ...options }: CreateFlags): Promise<void> {
  checkKeyOptions(options)
  return withProject(async (project) => {
    const keys = await openManagedKeys(project)
    const { directory } = project.secrets
    const where = placeOf(project)
    const registerFingerprint = await fingerprintRegistrar(project)
    const { created, kid, files } = await keys.generate({ ...options, registerFingerprint })
    if (!created) throw new CommandError(`Keys already exist in ${where}. Use --force to replace them.`)
    if (json) return printJson({ ...(directory !== undefined && { directory }), kid, files })
    print(
      `Created in ${where}${files.length > 0 ? ':' : '.'}`,
      ...files.map((file) => `  ${file}`),
      `Key ID: ${kid}`,
    )
  })
}

/** `consulate keys --reseal`: seals the keys in the database with the first of several sealing secrets. */
const resealKeys = ({ json = false }: CreateFlags): Promise<void> =>
  withProject(async (project) => {
    await (await requireSealedKeys(project)).reseal()
    if (json) printJson({ resealed: true })
    else print('Sealed the keys again. Remove the old sealing secret once every process has the new one.')
  })

/** `consulate keys --import`: copies the keys of a directory into the database. */
const importKeys = (directory: string, { json = false }: CreateFlags): Promise<void> =>
  withProject(async (project) => {
    const sealed = await requireSealedKeys(project)
    if (!(await sealed.copyFrom(await directoryKeys(directory).open())))
      throw new CommandError('Keys already exist in the database. Nothing was changed.')
    if (json) return printJson({ imported: directory })
    print(
      `Copied the keys of ${displayPath(directory)} into the database, sealed. You can delete the directory.`,
    )
  })

async function requireSealedKeys(project: Project): Promise<SealedKeys> {
  const { sealed } = await openManagedKeys(project)
  if (sealed) return sealed
  throw new CommandError(
    `Secrets come from ${project.secrets.description}. Only those in the database are sealed: set CONSULATE_SEALING_SECRET.`,
  )
}

/** Throws `CommandError` if the operator manages the keys, or if they need tables that are not up to date. */
async function openManagedKeys(project: Project): Promise<ManagedKeys> {
  const keys = managedKeysOf(project.secrets)
  if (!keys) {
    throw new CommandError(
      `Secrets come from ${project.secrets.description}. This command creates them in a directory or in the database only.`,
    )
  }
  if (keys.areInStore) await requireInstalled(project)
  return keys
}

const placeOf = ({ secrets: { directory, description } }: Project): string =>
  directory === undefined ? description : displayPath(directory)

/** The store remembers its root secret, so that no server starts with a wrong one by mistake. */
async function fingerprintRegistrar(project: Project): Promise<(fingerprint: string) => Promise<void>> {
  if (!(await isInstalled(project))) return async () => undefined
  return (fingerprint) => project.store.fingerprints.add(fingerprint, systemClock.now())
}
