import { setImmediate } from 'node:timers/promises'
import { MAX_KEYS } from '../../src/throttle/counter.ts'
import { openSignInPage, createCredentials, type Visitor } from './credentials.ts'
import { measureMemory, roundsFor } from './memory.ts'
import type { FloodJob, Report } from './job.ts'
import { draft, toHttpRequest, toMessage, toPairs, type Draft } from './request.ts'
import { createResults, type Results } from './results.ts'
import { createFixture, type Fixture } from './fixture.ts'

/** Smaller floods don't fill the limits first, which takes most of the time. */
const MIN_FULL = 20_000

/** Fills every per-address, per-user and per-token limit, measures memory, and sends `count` failures more. */
export async function flood({ count }: FloodJob, progress: (done: number) => void): Promise<Report> {
  const results = createResults()
  const fixture = await createFixture()
  const visitor = await openSignInPage(fixture, createCredentials(fixture))
  const sendRange = async (from: number, to: number): Promise<void> => {
    for (let index = from; index < to; index += 1) {
      if (index % 100 === 0) await setImmediate()
      if (index % 1000 === 0) progress(index)
      if (index % 1000 === 0) fixture.clearRecords()
      await sendFailures(fixture, visitor, results, index)
    }
    fixture.clearRecords()
  }
  // Above the limit, each new entry evicts the oldest. A small flood stays below it: `count` entries need few bytes.
  const enough = count < MIN_FULL ? count : MAX_KEYS + 1_000
  await sendRange(0, enough)
  const early = await measureMemory(roundsFor(count))
  await sendRange(enough, enough + count)
  const late = await measureMemory(roundsFor(count))
  await fixture.server.close()
  return { ...results, slowest: 0, memory: { early, late } }
}

/** Fails once with a new user name and once with a new token, from a new network. */
async function sendFailures(
  fixture: Fixture,
  visitor: Visitor,
  { countStatus, fail }: Results,
  index: number,
): Promise<void> {
  const { core } = fixture.server.server
  const message = toMessage({ ...wrongPassword(fixture, visitor, index), peer: addressOf(index) })
  const response = await core.handle(toHttpRequest(message))
  if (response?.status !== 403) fail(`flood ${index}`, `status ${response?.status}`, message)
  countStatus(String(response?.status))
  const refusal = await core.check(
    { headers: { authorization: `Bearer unknown.${index}` } },
    core.requirement('anyone', []),
  )
  countStatus('status' in refusal ? `guard ${refusal.status}` : 'accepted')
}

const wrongPassword = ({ server }: Fixture, { cookie, csrf }: Visitor, index: number): Draft =>
  draft('/login', {
    method: 'POST',
    headers: [
      ['content-type', 'application/x-www-form-urlencoded'],
      ['cookie', cookie],
      ['origin', server.origin],
      ['user-agent', `Fuzz/${index}`],
    ],
    body: toPairs({ username: `user-${index}@example.com`, password: `wrong ${index}`, csrf }),
  })

/** Returns an address in a new /64. The owner of one /32 has four billion of them. */
const addressOf = (index: number): string =>
  `2001:db8:${(index >>> 16).toString(16)}:${(index & 0xffff).toString(16)}::1`
