import { generateSecrets, type GenerateOptions } from '../keys/generate.ts'
import { systemClock } from '../lib/clock.ts'
import { displayPath } from './config-error.ts'
import { CommandError, UsageError } from './errors.ts'
import { print, printJson } from './output.ts'
import { isInstalled, withProject, type Project } from './project.ts'
import { rotateRootSecret, rotateSigningKey, type RotateFlags } from './rotate.ts'

/** The flags of `consulate keys`. */
export interface KeysOptions extends CreateFlags, RotateFlags {
  readonly rotate?: boolean
  readonly rotateSecret?: boolean
}

interface CreateFlags extends Pick<GenerateOptions, 'algorithm' | 'length' | 'force'> {
  readonly json?: boolean | undefined
}

/** `consulate keys`: creates keys and secrets, or rotates one or the other. */
export async function keys(options: KeysOptions): Promise<void> {
  const { rotate, rotateSecret, now, dropCurrent, ...createFlags } = options
  if (rotate) return rotateSigningKey(options)
  if (rotateSecret) return rotateRootSecret(options)
  if (now || dropCurrent)
    throw new UsageError('--now and --drop-current require --rotate or --rotate-secret.')
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
    const directory = directoryOf(project)
    const registerFingerprint = await fingerprintRegistrar(project)
    const { created, kid, files } = await generateSecrets(directory, { ...options, registerFingerprint })
    if (!created) {
      throw new CommandError(`Keys already exist in ${displayPath(directory)}. Use --force to replace them.`)
    }
    if (json) return printJson({ directory, kid, files })
    print(`Created in ${displayPath(directory)}:`, ...files.map((file) => `  ${file}`), `Key ID: ${kid}`)
  })
}

function directoryOf({ secrets }: Project): string {
  if (secrets.directory !== undefined) return secrets.directory
  throw new CommandError(
    `Secrets come from ${secrets.description}. This command creates them in a directory only.`,
  )
}

/** The store remembers its root secret, so that no server starts with a wrong one by mistake. */
async function fingerprintRegistrar(project: Project): Promise<(fingerprint: string) => Promise<void>> {
  if (!(await isInstalled(project))) return async () => undefined
  return (fingerprint) => project.store.fingerprints.add(fingerprint, systemClock.now())
}
