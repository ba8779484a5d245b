import { setImmediate } from 'node:timers/promises'
import { createCredentials, type Credentials } from './credentials.ts'
import { checkServerStillWorks, reportUnhandledErrors } from './server-checks.ts'
import { checkOutcome } from './check-outcome.ts'
import { measureMemory, roundsFor } from './memory.ts'
import { mutate } from './mutations/mutate.ts'
import { NAMES } from './mutations/names.ts'
import type { FuzzJob, Memory, Report } from './job.ts'
import { createRandom, seedOf } from './random.ts'
import type { Granted } from './granted.ts'
import type { Draft } from './request.ts'
import { send, type Outcome } from './send.ts'
import { createResults, type Results } from './results.ts'
import { TARGETS } from './targets.ts'
import { createFixture, type Fixture } from './fixture.ts'

/** In ms. None of these requests needs more, even on a busy machine. */
const MAX_RESPONSE_TIME = 5_000

/** Sends mutated requests to a target one by one, and checks every response. */
export async function fuzzTarget(job: FuzzJob, progress: (done: number) => void): Promise<Report> {
  const results = createResults()
  reportUnhandledErrors(results)
  const fixture = await createFixture()
  const credentials = createCredentials(fixture)
  const before = fixture.countRows()
  const measured = await sendAll({ job, fixture, credentials, results, progress })
  checkRows(fixture, credentials, results, before)
  await checkServerStillWorks(fixture, credentials, results)
  fixture.clearRecords()
  await fixture.server.close().catch((cause: unknown) => results.fail('end', String(cause)))
  return { ...results, ...measured }
}

interface FuzzRun {
  readonly job: FuzzJob
  readonly fixture: Fixture
  readonly credentials: Credentials
  readonly results: Results
  readonly progress: (done: number) => void
}

async function sendAll(run: FuzzRun): Promise<Pick<Report, 'slowest' | 'memory'>> {
  const { job, fixture, credentials, progress } = run
  const { batch, prepare } = TARGETS[job.target]
  let slowest = 0
  let early: Memory | undefined
  let drafts: readonly [Draft, ...Draft[]] | undefined
  for (let index = 0; index < job.count; index += 1) {
    if (drafts === undefined || index % batch === 0) {
      reportLeaks(run, index)
      progress(index)
      drafts = await prepare(fixture, credentials)
    }
    // Nothing in this loop waits for I/O, so without this the server's timers never run.
    if (index % 20 === 0) await setImmediate()
    if (index === Math.floor(job.count / 5)) early = await measure(run, index)
    slowest = Math.max(slowest, await sendOne(run, index, drafts))
  }
  const late = await measure(run, job.count)
  return { slowest, memory: { early: early ?? late, late } }
}

/** Sends one request. Returns the time it took in ms. */
async function sendOne(
  { job: { seed, target }, fixture, credentials, results }: FuzzRun,
  index: number,
  drafts: readonly [Draft, ...Draft[]],
): Promise<number> {
  const random = createRandom(seedOf(`${seed}:${target}:${index}`))
  const message = mutate(random.pick(drafts), random, { names: NAMES, secrets: credentials.list() })
  const start = performance.now()
  const outcome = await withTimeout(send(fixture, target, message, random))
  const elapsed = performance.now() - start
  if (elapsed > MAX_RESPONSE_TIME)
    results.fail(`${target} ${index}`, `took ${Math.round(elapsed)} ms`, message)
  if ('failed' in outcome) results.fail(`${target} ${index}`, outcome.failed, message)
  else checkOutcome({ fixture, credentials, results, target, index }, outcome)
  return elapsed
}

async function withTimeout(work: Promise<Outcome>): Promise<Outcome | { readonly failed: string }> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<{ failed: string }>((resolve) => {
    timer = setTimeout(() => resolve({ failed: 'no response' }), MAX_RESPONSE_TIME)
  })
  const failed = (cause: unknown) => ({
    failed: `threw ${cause instanceof Error ? (cause.stack ?? '') : String(cause)}`,
  })
  return Promise.race([work.catch(failed), late]).finally(() => clearTimeout(timer))
}

function reportLeaks({ fixture, results }: FuzzRun, index: number): void {
  for (const leak of fixture.clearRecords()) results.fail(`before ${index}`, leak)
}

async function measure(run: FuzzRun, index: number): Promise<Memory> {
  reportLeaks(run, index)
  return measureMemory(roundsFor(run.job.count))
}

/** Checks that every new row belongs to a response with valid credentials. */
function checkRows(
  fixture: Fixture,
  { created }: Credentials,
  { granted, fail }: Results,
  before: ReturnType<Fixture['countRows']>,
): void {
  const after = fixture.countRows()
  const timesOf = (...kinds: readonly Granted[]): number =>
    kinds.reduce((times, kind) => times + (granted[kind] ?? 0), 0)
  const started = timesOf(
    'authorization',
    'sign-in',
    'fragment',
    'personal token',
    'api login',
    'api password',
  )
  const expected = {
    ...before,
    authorizations: before.authorizations + created.authorizations + started,
    clients: before.clients + created.clients + timesOf('user app'),
  }
  // A user who is signed in keeps the session when signing in again.
  const maxSessions = before.sessions + created.sessions + timesOf('session', 'sign-in', 'api login')
  if (after.sessions > maxSessions)
    fail('end', `${after.sessions} sessions, but only ${maxSessions} sign-ins`)
  for (const name of ['clients', 'users', 'authorizations'] as const) {
    if (after[name] !== expected[name]) fail('end', `${after[name]} ${name} instead of ${expected[name]}`)
  }
}
