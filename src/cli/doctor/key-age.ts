import { ConfigError } from '../../errors.ts'
import { managedKeysOf } from '../../keys/managed-directory.ts'
import type { KeyState } from '../../keys/secrets.ts'
import { longestLifetimes } from '../stored-lifetimes.ts'
import { ok, warning, type Finding } from './finding.ts'
import type { CheckContext } from './context.ts'

const DAY = 86_400_000

/** How old (ms) a current key may become. */
const MAX_AGE = { 'signing key': 90 * DAY, 'root secret': 365 * DAY } as const

type Kind = keyof typeof MAX_AGE

interface Key {
  readonly state?: KeyState
  readonly createdAt?: number
  readonly retiredAt?: number
}

/** Checks that keys are rotated: the age of the current ones, whether a next one exists, and how long retired ones stay. */
export async function checkKeyAge(context: CheckContext): Promise<readonly Finding[]> {
  const { loaded, settings, secrets } = context
  if (loaded instanceof ConfigError) return []
  const lifetimes = settings && (await longestLifetimes(context, settings))
  const canRotate = managedKeysOf(secrets) !== undefined
  return [
    ...findingsFor('signing key', loaded.signingKeys, lifetimes?.accessToken, canRotate),
    ...findingsFor('root secret', loaded.secrets, lifetimes?.refreshToken, canRotate),
  ]
}

function findingsFor(
  kind: Kind,
  keys: readonly Key[],
  lifetime: number | undefined,
  canRotate: boolean,
): readonly Finding[] {
  const command = `\`consulate keys ${kind === 'signing key' ? '--rotate' : '--rotate-secret'}\``
  const fix = canRotate ? `Run ${command}.` : `Rotate it manually. ${command} shows the steps.`
  const messages = [
    ageMessage(kind, withState(keys, 'current')[0]),
    withState(keys, 'next').length === 0 &&
      `there is no next ${kind} for other processes to learn in advance`,
    leftoverMessage(kind, withState(keys, 'retired'), lifetime),
  ].filter((text) => typeof text === 'string')
  return messages.length > 0 ? messages.map((text) => warning(text, fix)) : [ok(summary(kind, keys))]
}

const withState = (keys: readonly Key[], wanted: KeyState): readonly Key[] =>
  keys.filter(({ state = 'current' }) => state === wanted)

const daysSince = (time: number): number => Math.floor((Date.now() - time) / DAY)

function ageMessage(kind: Kind, { createdAt }: Key = {}): string | false {
  if (createdAt === undefined || Date.now() - createdAt <= MAX_AGE[kind]) return false
  return `the current ${kind} is ${days(daysSince(createdAt))} old`
}

/** A rotation removes the retired keys that no valid token needs. Without rotations they stay. */
function leftoverMessage(kind: Kind, retired: readonly Key[], lifetime: number | undefined): string | false {
  const isUnused = ({ retiredAt }: Key): boolean =>
    lifetime !== undefined && retiredAt !== undefined && Date.now() - retiredAt > lifetime + DAY
  const count = retired.filter(isUnused).length
  if (count === 0) return false
  return count === 1
    ? `1 retired ${kind} is kept, but no valid token needs it`
    : `${count} retired ${kind}s are kept, but no valid token needs them`
}

function summary(kind: Kind, keys: readonly Key[]): string {
  const { createdAt } = withState(keys, 'current')[0] ?? {}
  const age = createdAt === undefined ? 'of unknown age' : `${days(daysSince(createdAt))} old`
  return `${kind} ${age}, ${withState(keys, 'retired').length} retired`
}

const days = (count: number): string => `${count} ${count === 1 ? 'day' : 'days'}`
