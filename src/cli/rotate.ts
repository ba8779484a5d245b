import { maxLifetimes, type Lifetimes } from '../config/settings.ts'
import type { RotationResult } from '../keys/rotation.ts'
import { rootSecretFingerprint } from '../keys/derived.ts'
import { rotateRootSecrets, rotateSigningKeys } from '../keys/rotation.ts'
import type { SigningKeyOptions } from '../keys/key-material.ts'
import { systemClock } from '../lib/clock.ts'
import { CommandError } from './errors.ts'
import { print, printJson } from './output.ts'
import { longestPersonalTokenLifetime } from './personal-token-lifetime.ts'
import { withProject, requireInstalled, settingsOf, type Project } from './project.ts'

/** The flags of `consulate keys --rotate` and `--rotate-secret`. */
export interface RotateFlags extends SigningKeyOptions {
  readonly now?: boolean | undefined
  readonly dropCurrent?: boolean | undefined
  readonly json?: boolean | undefined
}

/** For nodes and clocks that lag behind (ms). */
const MARGIN = 3_600_000

/** `consulate keys --rotate`: lets the next signing key sign. */
export function rotateSigningKey({ algorithm, length, ...flags }: RotateFlags): Promise<void> {
  return withProject(async (project) => {
    const directory = project.secrets.directory ?? failByHand(project, KEY_BY_HAND)
    const keep = flags.dropCurrent ? undefined : await longestAccess(project)
    tell(
      'signing key',
      await rotateSigningKeys(directory, { ...haste(flags), algorithm, length, keep }),
      flags,
    )
  })
}

/** `consulate keys --rotate-secret`: makes the next root secret the current one. The store hears of it first. */
export function rotateRootSecret(flags: RotateFlags): Promise<void> {
  return withProject(async (project) => {
    await requireInstalled(project)
    const { directory } = project.secrets
    if (directory === undefined) return announceNext(project)
    const { refreshToken } = lifetimesOf(project)
    const keep = refreshToken === undefined ? undefined : refreshToken + MARGIN
    const registerFingerprint = (fingerprint: string): Promise<void> => introduce(project, fingerprint)
    tell(
      'root secret',
      await rotateRootSecrets(directory, { ...haste(flags), keep, registerFingerprint }),
      flags,
    )
  })
}

const haste = ({ now = false, dropCurrent = false }: RotateFlags) => ({
  isUrgent: now,
  dropsCurrent: dropCurrent,
})

/** How long (ms) a retired key stays. */
async function longestAccess(project: Project): Promise<number> {
  return Math.max(lifetimesOf(project).accessToken, await longestPersonalTokenLifetime(project)) + MARGIN
}

const lifetimesOf = (project: Project): Lifetimes => maxLifetimes(settingsOf(project))

const introduce = ({ store }: Project, fingerprint: string): Promise<void> =>
  store.fingerprints.add(fingerprint, systemClock.now())

/** Who keeps secrets elsewhere rotates them by hand: all that this can do is to tell the store. */
async function announceNext(project: Project): Promise<void> {
  const { secrets } = await project.secrets.load()
  const next = secrets.filter(({ state }) => state === 'next')
  if (next.length === 0) failByHand(project, SECRET_BY_HAND)
  for (const secret of next) await introduce(project, rootSecretFingerprint(secret))
  print('The database knows the next secret now. Make it the current one, keep the old one as a retired one,')
  print('and restart every process: CONSULATE_NEXT_SECRETS, CONSULATE_SECRET, CONSULATE_RETIRED_SECRETS.')
}

function failByHand({ secrets }: Project, steps: readonly string[]): never {
  const lines = steps.map((step, index) => `  ${index + 1}. ${step}`)
  throw new CommandError(
    [`the secrets come from ${secrets.description}: rotate them by hand`, ...lines].join('\n'),
  )
}

const KEY_BY_HAND = [
  'Put a new key into CONSULATE_NEXT_PRIVATE_KEYS of every process, and restart them.',
  'Ten minutes later move it to CONSULATE_PRIVATE_KEY and the old one to CONSULATE_RETIRED_PRIVATE_KEYS; restart.',
  'Take the old one out once the last token that it signed has expired.',
]

const SECRET_BY_HAND = [
  'Put a new secret into CONSULATE_NEXT_SECRETS of every process, and restart them.',
  'Run this command again: the database has to know the new secret.',
  'Move it to CONSULATE_SECRET and the old one to CONSULATE_RETIRED_SECRETS; restart.',
  'Take the old one out once the last refresh token that it made has expired.',
]

type Kind = 'signing key' | 'root secret'

function tell(kind: Kind, rotation: RotationResult, { json = false }: RotateFlags): void {
  if (rotation.outcome === 'too-soon') {
    throw new CommandError(
      `the next ${kind} is less than 10 minutes old, and others may not know it yet: ` +
        `rotate after ${timeOf(rotation.readyAt)}, or in an emergency with --now`,
    )
  }
  if (rotation.outcome === 'rotated' && rotation.isEarly) console.error(warningOf(kind))
  if (json) printJson(rotation)
  else print(...linesOf(kind, rotation))
}

const warningOf = (kind: Kind): string =>
  `warning: others may not know this ${kind} yet, and refuse what it makes until they do: processes of this server ` +
  'for up to 5 seconds' +
  (kind === 'signing key' ? ', services that keep the public keys until they fetch them anew' : '')

function linesOf(kind: Kind, rotation: Exclude<RotationResult, { outcome: 'too-soon' }>): readonly string[] {
  if (rotation.outcome !== 'rotated') {
    return [
      `There was no next ${kind}: now it is ${rotation.next}.`,
      `Rotate after ${timeOf(rotation.readyAt)}.`,
    ]
  }
  const { current, next, dropped } = rotation
  return [
    `The ${kind} in use is ${current}; ${next} comes next.`,
    ...dropped.map((id) => `Dropped: ${id}`),
    'Running servers follow within 5 seconds.',
  ]
}

const timeOf = (time: number): string => new Date(time).toISOString()
