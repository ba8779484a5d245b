import { setImmediate } from 'node:timers/promises'
import { MAX_KEYS } from '../../src/throttle/counter.ts'
import { arrive, createCredentials, type Visitor } from './credentials.ts'
import { measureMemory } from './memory.ts'
import type { FloodOrder, Report } from './order.ts'
import { draft, incomingOf, messageOf, pairsOf, type Draft } from './request.ts'
import { createTally, type Tally } from './tally.ts'
import { createWorld, type World } from './world.ts'

/** Fills whatever is kept for each address, name and token, then measures; the same again must add nothing. */
export async function flood({ count }: FloodOrder, progress: (done: number) => void): Promise<Report> {
  const tally = createTally()
  const world = await createWorld()
  const visitor = await arrive(world, createCredentials(world))
  const pour = async (from: number, to: number): Promise<void> => {
    for (let index = from; index < to; index += 1) {
      if (index % 100 === 0) await setImmediate()
      if (index % 1000 === 0) progress(index)
      if (index % 1000 === 0) world.forget()
      await pourOne(world, visitor, tally, index)
    }
    world.forget()
  }
  // Some more than is remembered: from there on the oldest are forgotten.
  const enough = MAX_KEYS + 5_000
  await pour(0, enough)
  const early = await measureMemory()
  await pour(enough, enough + count)
  const late = await measureMemory()
  await world.server.close()
  return { ...tally, slowest: 0, memory: { early, late } }
}

/** A failure of somebody who was never seen before, at an address of another network. */
async function pourOne(
  world: World,
  visitor: Visitor,
  { answered, fail }: Tally,
  index: number,
): Promise<void> {
  const { core } = world.server.server
  const message = messageOf({ ...wrongPassword(world, visitor, index), peer: addressOf(index) })
  const answer = await core.handle(incomingOf(message))
  if (answer?.status !== 403) fail(`flood ${index}`, `status ${answer?.status}`, message)
  answered(String(answer?.status))
  const refusal = await core.check(`Bearer unknown.${index}`, core.requirement('anyone', []))
  answered('status' in refusal ? `guard ${refusal.status}` : 'granted')
}

const wrongPassword = ({ server }: World, { cookie, csrf }: Visitor, index: number): Draft =>
  draft('/login', {
    method: 'POST',
    headers: [
      ['content-type', 'application/x-www-form-urlencoded'],
      ['cookie', cookie],
      ['origin', server.origin],
      ['user-agent', `Fuzz/${index}`],
    ],
    body: pairsOf({ username: `nobody-${index}@example.com`, password: `wrong ${index}`, csrf }),
  })

/** Each in a /64 of its own: who owns a /32 has four thousand millions of them. */
const addressOf = (index: number): string =>
  `2001:db8:${(index >>> 16).toString(16)}:${(index & 0xffff).toString(16)}::1`
