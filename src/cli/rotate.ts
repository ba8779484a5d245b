import type { Lifetimes } from '../config/lifetimes.ts'
import { rootSecretFingerprint } from '../keys/derived.ts'
import { managedKeysOf } from '../keys/managed-directory.ts'
import type { SigningKeyOptions } from '../keys/key-material.ts'
import {
  rotateRootSecrets,
  rotateSigningKeys,
  type RotateOptions,
  type RotationResult,
} from '../keys/rotation.ts'
import { systemClock } from '../lib/clock.ts'
import { CommandError } from './errors.ts'
import { print, printJson, wrap, yellow } from './output.ts'
import { requireInstalled, settingsOf, withProject, type Project } from './project.ts'
import { longestLifetimes } from './stored-lifetimes.ts'

/** The flags of `consulate keys --rotate` and `--rotate-secret`. */
export interface RotateFlags extends SigningKeyOptions {
  readonly now?: boolean | undefined
  readonly dropCurrent?: boolean | undefined
  readonly json?: boolean | undefined
}

/** How much longer (ms) than its tokens a retired key is kept, because clocks differ. */
const MARGIN = 3_600_000

/** `consulate keys --rotate`: makes the next signing key the current one. */
export function rotateSigningKey(flags: RotateFlags): Promise<void> {
  const { algorithm, length } = flags
  return withProject(async (project) => {
    const keys = managedKeysOf(project.secrets) ?? failManually(project, KEY_STEPS)
    if (keys.areInStore) await requireInstalled(project)
    const keep = flags.dropCurrent ? undefined : (await lifetimesOf(project)).accessToken + MARGIN
    const result = await rotateSigningKeys(keys, { ...rotateOptions(flags), algorithm, length, keep })
    recordRotation(project, 'signing key', result)
    printResult('signing key', result, flags)
  })
}

/** `consulate keys --rotate-secret`: makes the next root secret the current one, after the store has learned it. */
export function rotateRootSecret(flags: RotateFlags): Promise<void> {
  return withProject(async (project) => {
    await requireInstalled(project)
    const keys = managedKeysOf(project.secrets)
    if (!keys) return registerNextSecrets(project)
    const { refreshToken } = await lifetimesOf(project)
    const keep = refreshToken === undefined ? undefined : refreshToken + MARGIN
    const registerFingerprint = (fingerprint: string): Promise<void> => register(project, fingerprint)
    const options = { ...rotateOptions(flags), keep, registerFingerprint }
    const result = await rotateRootSecrets(keys, options)
    recordRotation(project, 'root secret', result)
    printResult('root secret', result, flags)
  })
}

function recordRotation({ activity }: Project, kind: Kind, result: RotationResult): void {
  if (result.outcome !== 'rotated') return
  const dropped = result.dropped.length > 0 ? `, dropped ${result.dropped.join(' ')}` : ''
  activity.record('keys.rotated', { detail: `${kind}: ${result.current} is current${dropped}` })
}

const rotateOptions = ({ now = false, dropCurrent = false }: RotateFlags): RotateOptions => ({
  isUrgent: now,
  dropsCurrent: dropCurrent,
})

const lifetimesOf = (project: Project): Promise<Lifetimes> => longestLifetimes(project, settingsOf(project))

const register = ({ store }: Project, fingerprint: string): Promise<void> =>
  store.fingerprints.add(fingerprint, systemClock.now())

/** Secrets outside a directory are rotated manually. This command can only register them in the store. */
async function registerNextSecrets(project: Project): Promise<void> {
  const { secrets } = await project.secrets.load()
  const next = secrets.filter(({ state }) => state === 'next')
  if (next.length === 0) failManually(project, SECRET_STEPS)
  for (const secret of next) await register(project, rootSecretFingerprint(secret))
  print(...wrap(REGISTERED))
}

const REGISTERED =
  'The database now knows the next secret. Move it to CONSULATE_SECRET and the old one to ' +
  'CONSULATE_RETIRED_SECRETS, and restart every process.'

function failManually({ secrets }: Project, steps: readonly string[]): never {
  const lines = steps.map((step, index) => `  ${index + 1}. ${step}`)
  throw new CommandError(
    [`Secrets come from ${secrets.description}. Rotate them manually:`, ...lines].join('\n'),
  )
}

const KEY_STEPS = [
  'Add a new key to CONSULATE_NEXT_PRIVATE_KEYS of every process, and restart them.',
  'After ten minutes, move it to CONSULATE_PRIVATE_KEY and the old one to CONSULATE_RETIRED_PRIVATE_KEYS. Restart.',
  'Remove the old one when the last token that it signed has expired.',
]

const SECRET_STEPS = [
  'Add a new secret to CONSULATE_NEXT_SECRETS of every process, and restart them.',
  'Run this command again, so that the database knows the new secret.',
  'Move it to CONSULATE_SECRET and the old one to CONSULATE_RETIRED_SECRETS. Restart.',
  'Remove the old one when the last refresh token that was made with it has expired.',
]

type Kind = 'signing key' | 'root secret'

function printResult(kind: Kind, result: RotationResult, { json = false }: RotateFlags): void {
  if (result.outcome === 'too-soon') {
    throw new CommandError(
      `The next ${kind} is less than 10 minutes old, so other processes may not know it yet. ` +
        `Rotate after ${timeOf(result.readyAt)}, or use --now in an emergency.`,
    )
  }
  if (result.outcome === 'rotated' && result.isEarly) console.error(earlyWarning(kind))
  if (json) printJson(result)
  else print(...resultLines(kind, result))
}

const earlyWarning = (kind: Kind): string =>
  yellow('Warning:', process.stderr) +
  ` other processes may not know this ${kind} yet. ` +
  (kind === 'signing key'
    ? 'Services that verify tokens reject its tokens until they fetch the public keys again.'
    : 'For up to 5 seconds, forms that users have open may have to be sent again.')

function resultLines(
  kind: Kind,
  result: Exclude<RotationResult, { outcome: 'too-soon' }>,
): readonly string[] {
  if (result.outcome !== 'rotated') {
    return [`There was no next ${kind}. Created ${result.next}.`, `Rotate after ${timeOf(result.readyAt)}.`]
  }
  const { current, next, dropped } = result
  return [
    `Current ${kind}: ${current}`,
    `Next ${kind}: ${next}`,
    ...dropped.map((id) => `Dropped: ${id}`),
    'Running servers switch within 5 seconds.',
  ]
}

const timeOf = (time: number): string => new Date(time).toISOString()
