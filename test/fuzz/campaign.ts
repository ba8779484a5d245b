import { setImmediate } from 'node:timers/promises'
import { createCredentials, type Credentials } from './credentials.ts'
import { checkService, listenForTheUnhandled } from './service.ts'
import { judge } from './judge.ts'
import { measureMemory } from './memory.ts'
import { mutate } from './mutations/mutate.ts'
import { NAMES } from './mutations/names.ts'
import type { CampaignOrder, Memory, Report } from './order.ts'
import { createRandom, seedOf } from './random.ts'
import type { Given } from './proofs.ts'
import type { Draft } from './request.ts'
import { send, type Outcome } from './send.ts'
import { createTally, type Tally } from './tally.ts'
import { TARGETS } from './targets.ts'
import { createWorld, type World } from './world.ts'

/** Longer (ms) is a hang: a busy machine takes its time, but none of these requests is much work. */
const LONGEST_ANSWER = 5_000

/** Sends as many mutated requests as the order says, one after the other, and looks at every answer. */
export async function attack(order: CampaignOrder, progress: (done: number) => void): Promise<Report> {
  const tally = createTally()
  listenForTheUnhandled(tally)
  const world = await createWorld()
  const credentials = createCredentials(world)
  const before = world.count()
  const measured = await sendAll({ order, world, credentials, tally, progress })
  checkRows(world, credentials, tally, before)
  await checkService(world, credentials, tally)
  world.forget()
  await world.server.close().catch((cause: unknown) => tally.fail('end', String(cause)))
  return { ...tally, ...measured }
}

interface Campaign {
  readonly order: CampaignOrder
  readonly world: World
  readonly credentials: Credentials
  readonly tally: Tally
  readonly progress: (done: number) => void
}

async function sendAll(campaign: Campaign): Promise<Pick<Report, 'slowest' | 'memory'>> {
  const { order, world, credentials, progress } = campaign
  const { batch, prepare } = TARGETS[order.target]
  let slowest = 0
  let early: Memory | undefined
  let drafts: readonly [Draft, ...Draft[]] | undefined
  for (let index = 0; index < order.count; index += 1) {
    if (drafts === undefined || index % batch === 0) {
      forget(campaign, index)
      progress(index)
      drafts = await prepare(world, credentials)
    }
    // Nothing here waits for anything: timers of the server would not have their turn.
    if (index % 20 === 0) await setImmediate()
    if (index === Math.floor(order.count / 5)) early = await measure(campaign, index)
    slowest = Math.max(slowest, await sendOne(campaign, index, drafts))
  }
  const late = await measure(campaign, order.count)
  return { slowest, memory: { early: early ?? late, late } }
}

/** Sends one case; gives the time that it took (ms). */
async function sendOne(
  { order: { seed, target }, world, credentials, tally }: Campaign,
  index: number,
  drafts: readonly [Draft, ...Draft[]],
): Promise<number> {
  const random = createRandom(seedOf(`${seed}:${target}:${index}`))
  const message = mutate(random.pick(drafts), random, { names: NAMES, secrets: credentials.list() })
  const start = performance.now()
  const outcome = await inTime(send(world, target, message, random))
  const elapsed = performance.now() - start
  if (elapsed > LONGEST_ANSWER) tally.fail(`${target} ${index}`, `took ${Math.round(elapsed)} ms`, message)
  if ('failed' in outcome) tally.fail(`${target} ${index}`, outcome.failed, message)
  else judge({ world, credentials, tally, target, index }, outcome)
  return elapsed
}

async function inTime(work: Promise<Outcome>): Promise<Outcome | { readonly failed: string }> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<{ failed: string }>((resolve) => {
    timer = setTimeout(() => resolve({ failed: 'no answer' }), LONGEST_ANSWER)
  })
  const failed = (cause: unknown) => ({
    failed: `threw ${cause instanceof Error ? (cause.stack ?? '') : String(cause)}`,
  })
  return Promise.race([work.catch(failed), late]).finally(() => clearTimeout(timer))
}

function forget({ world, tally }: Campaign, index: number): void {
  for (const leak of world.forget()) tally.fail(`before ${index}`, leak)
}

async function measure(campaign: Campaign, index: number): Promise<Memory> {
  forget(campaign, index)
  return measureMemory()
}

/** Nothing is there that was not given to somebody who held the proof. */
function checkRows(
  world: World,
  { made }: Credentials,
  { given, fail }: Tally,
  before: ReturnType<World['count']>,
): void {
  const after = world.count()
  const timesOf = (...kinds: readonly Given[]): number =>
    kinds.reduce((times, kind) => times + (given[kind] ?? 0), 0)
  const begun = timesOf('authorization', 'sign-in', 'fragment', 'personal token')
  const expected = { ...before, authorizations: before.authorizations + made.authorizations + begun }
  // A sign-in of who is signed in already keeps the session.
  const mostSessions = before.sessions + made.sessions + timesOf('session', 'sign-in')
  if (after.sessions > mostSessions) fail('end', `${after.sessions} sessions, of ${mostSessions} sign-ins`)
  for (const name of ['clients', 'users', 'authorizations'] as const) {
    if (after[name] !== expected[name]) fail('end', `${after[name]} ${name} instead of ${expected[name]}`)
  }
}
