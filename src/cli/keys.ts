import { generateSecrets, type GenerateOptions } from '../keys/generate.ts'
import { systemClock } from '../lib/clock.ts'
import { CommandError, UsageError } from './errors.ts'
import { print, printJson } from './output.ts'
import { rotateRootSecret, rotateSigningKey, type RotateFlags } from './rotate.ts'
import { withProject, isInstalled, type Project } from './project.ts'

/** The flags of `consulate keys`. */
export interface KeysOptions extends NewKeys, RotateFlags {
  readonly rotate?: boolean
  readonly rotateSecret?: boolean
}

/** `consulate keys`: makes keys and secrets, or rotates one or the other. */
export async function keys({
  rotate,
  rotateSecret,
  now,
  dropCurrent,
  ...options
}: KeysOptions): Promise<void> {
  const flags: RotateFlags = { ...options, now, dropCurrent }
  if (rotate) return rotateSigningKey(flags)
  if (rotateSecret) return rotateRootSecret(flags)
  if (now || dropCurrent) throw new UsageError('--now and --drop-current go with --rotate or --rotate-secret')
  return makeKeys(options)
}

interface NewKeys extends Pick<GenerateOptions, 'algorithm' | 'length' | 'force'> {
  readonly json?: boolean | undefined
}

/** Leaves existing keys alone unless it is told not to. */
function makeKeys({ json = false, ...options }: NewKeys): Promise<void> {
  return withProject(async (project) => {
    const directory = directoryOf(project)
    const registerFingerprint = await fingerprintRegistration(project)
    const { created, kid, files } = await generateSecrets(directory, { ...options, registerFingerprint })
    if (!created) throw new CommandError(`there are keys in ${directory} already: --force replaces them`)
    if (json) return printJson({ directory, kid, files })
    print(`Made in ${directory}:`, ...files.map((file) => `  ${file}`), `The key id is ${kid}.`)
  })
}

function directoryOf({ secrets, source }: Project): string {
  if (secrets.directory !== undefined) return secrets.directory
  throw new CommandError(
    `the secrets come from ${secrets.description} (says ${source}), not from a directory`,
  )
}

/** A store remembers the secret that it was set up with, so that no node starts with a wrong one by mistake. */
async function fingerprintRegistration(project: Project): Promise<(fingerprint: string) => Promise<void>> {
  if (!(await isInstalled(project))) return async () => undefined
  return (fingerprint) => project.store.fingerprints.add(fingerprint, systemClock.now())
}
