import { setTimeout as sleep } from 'node:timers/promises'
import { checkLedger, type Losses } from './checks.ts'
import type { Fault } from './fault.ts'
import { acknowledge, createLedger, type Ledger } from './ledger.ts'
import { createOutcomeLog, type Outcome } from './outcomes.ts'
import { runTraffic } from './traffic.ts'
import type { World } from './world.ts'

/** What callers saw of a fault, and what was left after it. */
export interface Finding {
  readonly setting: string
  readonly fault: string
  /** The number of outcomes by label, from the beginning of the fault until the service was back. */
  readonly answers: Readonly<Record<string, number>>
  /** The same for each kind of request. */
  readonly answersByKind: Readonly<Record<string, Readonly<Record<string, number>>>>
  /** The longest time (s) that a caller waited. */
  readonly longestWait: number
  /** How long (s) after the end of the fault the last request failed. */
  readonly backAfter: number
  readonly acknowledged: Readonly<Record<string, number>>
  readonly lost: Losses['lost']
  readonly usedTwice: number
  /** What became of codes whose exchange was repeated after a failure. */
  readonly repeated: Readonly<Record<string, number>>
  /** Everything that breaks a promise. Empty if all is well. */
  readonly problems: readonly string[]
}

/** Milliseconds: traffic before the fault, and how long it must be quiet afterwards. */
export interface Pace {
  readonly warmUp: number
  readonly quiet: number
}

const USUAL: Pace = { warmUp: 2_500, quiet: 2_500 }
/** How long (ms) it may take until it is quiet. */
const DEADLINE = 45_000
/** Milliseconds of what is lost beyond the lag of a replica: a commit and its acknowledgment take time. */
const MARGIN = 1_500

/** Lets something go wrong under traffic. The nodes go on afterwards, for the next experiment. */
export async function runExperiment(
  setting: string,
  world: World,
  fault: Fault,
  { warmUp, quiet }: Pace = USUAL,
): Promise<Finding> {
  const [ledger, log] = [createLedger(), createOutcomeLog()]
  ledger.chains.push(...world.chains.map((token, index) => ({ ...acknowledge(token), index })))
  let isDone = false
  const { promise: end, resolve: finish } = Promise.withResolvers<void>()
  const traffic = runTraffic({ world, ledger, log, isDone: () => isDone, end })
  await sleep(warmUp)
  if (log.outcomes.every(isFailure)) throw new Error(`Nothing works before the fault:\n${errorsOf(world)}`)
  const before = { ...createLedger(), ...ledger, chains: [...ledger.chains] }
  const beganAt = performance.now()
  await fault.begin(world)
  await sleep(fault.duration)
  await fault.end(world)
  const endedAt = performance.now()
  const isBack = await waitUntilQuiet(log.outcomes, endedAt, quiet)
  isDone = true
  finish()
  await traffic
  world.chains.splice(0, world.chains.length, ...ledger.chains.map(({ value }) => value))
  const losses = await checkLedger(world, ledger, beganAt)
  return conclude(setting, fault, {
    ledger,
    losses,
    outcomes: log.outcomes,
    beganAt,
    endedAt,
    isBack,
    before,
  })
}

/** Returns the last errors that the nodes logged. */
export const errorsOf = ({ nodes }: World): string =>
  nodes
    .flatMap(({ process }) =>
      process.logs
        .split('\n')
        .filter((line) => line.includes('"level":"error"'))
        .slice(-5),
    )
    .join('\n')

const isFailure = ({ label, node }: Outcome): boolean => label !== 'ok' && node !== 'stopped'

/** Waits until nothing has failed for some time. Returns false at the deadline. */
async function waitUntilQuiet(outcomes: readonly Outcome[], since: number, quiet: number): Promise<boolean> {
  while (performance.now() - since < DEADLINE) {
    await sleep(100)
    const last = outcomes.findLast(isFailure)?.endedAt ?? 0
    if (performance.now() - Math.max(last, since) > quiet) return true
  }
  return false
}

interface Records {
  readonly ledger: Ledger
  readonly before: Ledger
  readonly losses: Losses
  readonly outcomes: readonly Outcome[]
  readonly beganAt: number
  readonly endedAt: number
  readonly isBack: boolean
}

function conclude(setting: string, fault: Fault, records: Records): Finding {
  const { ledger, losses, outcomes, beganAt, endedAt } = records
  const lastFailure = outcomes.findLast(isFailure)?.endedAt ?? 0
  const during = outcomes.filter(
    ({ endedAt: at, startedAt, node }) =>
      at > beganAt && startedAt < Math.max(lastFailure, endedAt) && node !== 'stopped',
  )
  return {
    setting,
    fault: fault.name,
    answers: count(during.map(({ label }) => label)),
    answersByKind: Object.fromEntries(
      [...Map.groupBy(during, ({ kind }) => kind)].map(([kind, own]) => [
        kind,
        count(own.map(({ label }) => label)),
      ]),
    ),
    longestWait: inSeconds(Math.max(0, ...during.map(({ startedAt, endedAt: at }) => at - startedAt))),
    backAfter: inSeconds(Math.max(0, lastFailure - endedAt)),
    acknowledged: {
      refreshes: ledger.chains.length,
      authorizations: ledger.kept.length,
      revocations: ledger.revoked.length,
      sessions: ledger.sessions.length,
    },
    ...losses,
    repeated: count(ledger.repeated),
    problems: problemsOf(fault, records),
  }
}

const inSeconds = (milliseconds: number): number => Math.round(milliseconds / 100) / 10

const count = (labels: readonly string[]): Readonly<Record<string, number>> =>
  Object.fromEntries([...Map.groupBy(labels, (label) => label)].map(([label, all]) => [label, all.length]))

/** Returns every broken promise. */
function problemsOf(fault: Fault, { losses, outcomes, beganAt, isBack, before }: Records): readonly string[] {
  const isExpected = (outcome: Outcome): boolean =>
    !isFailure(outcome) ||
    outcome.label === '503' ||
    isRepeatedCode(outcome) ||
    (fault.expected?.test(outcome.label) ?? false)
  const wrong = outcomes.filter((outcome) => !isExpected(outcome))
  const early = outcomes.filter((outcome) => outcome.endedAt < beganAt && isFailure(outcome))
  const lagging = fault.loses ?? Number.NEGATIVE_INFINITY
  const lost = losses.lost.filter(({ age }) => age > lagging + MARGIN || fault.loses === undefined)
  return [
    ...Object.entries(count(wrong.map(({ kind, label }) => `${kind}: ${label}`))).map(
      ([what, times]) => `${times} × ${what}`,
    ),
    ...(early.length > 0 ? [`${early.length} requests failed before the fault`] : []),
    ...(isBack ? [] : ['not back within 45 s']),
    ...lost.map(({ what, age }) => `lost: ${what} (${Math.round(age)} ms before the fault)`),
    ...(losses.usedTwice > 0 ? [`${losses.usedTwice} codes were used twice`] : []),
    ...(before.kept.length === 0 ? ['no traffic before the fault'] : []),
  ]
}

/** A code that was spent by a request whose answer is a 503. Counted as `repeated`. */
const isRepeatedCode = ({ kind, label }: Outcome): boolean =>
  kind.endsWith(', repeated') && label.includes('invalid_grant')
