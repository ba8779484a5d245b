import { maxLifetimes } from '../../config/lifetimes.ts'
import { ConfigError } from '../../errors.ts'
import type { KeyState } from '../../keys/secrets.ts'
import { longestPersonalTokenLifetime } from '../personal-token-lifetime.ts'
import { ok, warning, type Finding } from './finding.ts'
import type { CheckContext } from './context.ts'

const DAY = 86_400_000

/** How old (ms) what is in use may become. */
const MOST = { 'signing key': 90 * DAY, 'root secret': 365 * DAY } as const

type Kind = keyof typeof MOST

interface Aged {
  readonly state?: KeyState
  readonly createdAt?: number
  readonly retiredAt?: number
}

/** Whether keys are rotated: how old the current ones are, whether a next one is known, how long retired ones stay. */
export async function checkKeyAge(context: CheckContext): Promise<readonly Finding[]> {
  const { loaded, settings, secrets } = context
  if (loaded instanceof ConfigError) return []
  const lifetimes = settings && maxLifetimes(settings)
  const accessToken =
    lifetimes && Math.max(lifetimes.accessToken, await longestPersonalTokenLifetime(context))
  const hasCommand = secrets.directory !== undefined
  return [
    ...judge('signing key', loaded.signingKeys, accessToken, hasCommand),
    ...judge('root secret', loaded.secrets, lifetimes?.refreshToken, hasCommand),
  ]
}

function judge(
  kind: Kind,
  keys: readonly Aged[],
  lifetime: number | undefined,
  hasCommand: boolean,
): readonly Finding[] {
  const flag = kind === 'signing key' ? '--rotate' : '--rotate-secret'
  const mend = hasCommand ? `consulate keys ${flag}` : 'rotate by hand: `consulate keys ${flag}` says how'
  const findings = [
    ageProblem(kind, ofState(keys, 'current')[0]),
    ofState(keys, 'next').length === 0 &&
      `there is no next ${kind}, which others would know before it is used`,
    leftoverProblem(kind, ofState(keys, 'retired'), lifetime),
  ].filter((text) => typeof text === 'string')
  return findings.length > 0 ? findings.map((text) => warning(text, mend)) : [ok(summary(kind, keys))]
}

const ofState = (keys: readonly Aged[], wanted: KeyState): readonly Aged[] =>
  keys.filter(({ state = 'current' }) => state === wanted)

const daysSince = (time: number): number => Math.floor((Date.now() - time) / DAY)

function ageProblem(kind: Kind, current: Aged | undefined): string | false {
  const { createdAt } = current ?? {}
  if (createdAt === undefined || Date.now() - createdAt <= MOST[kind]) return false
  return `the ${kind} in use is ${daysSince(createdAt)} days old`
}

/** A rotation removes those of which nothing can live; whoever never rotates keeps them. */
function leftoverProblem(kind: Kind, retired: readonly Aged[], lifetime: number | undefined): string | false {
  const isOver = ({ retiredAt }: Aged): boolean =>
    lifetime !== undefined && retiredAt !== undefined && Date.now() - retiredAt > lifetime + DAY
  const count = retired.filter(isOver).length
  return (
    count > 0 && `${count} retired ${kind}${count > 1 ? 's are' : ' is'} kept of which nothing lives any more`
  )
}

function summary(kind: Kind, keys: readonly Aged[]): string {
  const { createdAt } = ofState(keys, 'current')[0] ?? {}
  const age = createdAt === undefined ? 'of unknown age' : `${daysSince(createdAt)} days old`
  return `the ${kind} in use is ${age}; ${ofState(keys, 'retired').length} retired`
}
