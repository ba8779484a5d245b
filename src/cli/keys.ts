import { createDerivedKeys } from '../keys/derived.ts'
import { generateSecrets, type GenerateOptions } from '../keys/generate.ts'
import { systemClock } from '../lib/clock.ts'
import { CommandError } from './failure.ts'
import { print, printJson } from './output.ts'
import { atWorkplace, isInstalled, type Workplace } from './workplace.ts'

/** The flags of `consulate keys`. */
export interface KeysOptions extends GenerateOptions {
  readonly json?: boolean
}

/** `consulate keys`: makes a signing key and a secret, and leaves existing ones alone unless it is told not to. */
export function makeKeys({ json = false, ...options }: KeysOptions): Promise<void> {
  return atWorkplace(async (place) => {
    const directory = directoryOf(place)
    const isKnown = options.force === true && (await isInstalled(place))
    const { created, kid, files } = await generateSecrets(directory, options)
    if (!created) throw new CommandError(`there are keys in ${directory} already: --force replaces them`)
    if (isKnown) await introduce(place)
    if (json) return printJson({ directory, kid, files })
    print(`Made in ${directory}:`, ...files.map((file) => `  ${file}`), `The key id is ${kid}.`)
  })
}

function directoryOf({ secrets, source }: Workplace): string {
  if (secrets.directory !== undefined) return secrets.directory
  throw new CommandError(
    `the secrets come from ${secrets.description} (says ${source}), not from a directory`,
  )
}

/** A store remembers the secret that it was set up with, so that no node starts with a wrong one by mistake. */
async function introduce({ secrets, store }: Workplace): Promise<void> {
  const { fingerprint } = createDerivedKeys(await secrets.load())
  await store.fingerprints.add(fingerprint, systemClock.now())
}
