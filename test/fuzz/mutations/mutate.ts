import type { Random } from '../random.ts'
import { toMessage, type Draft, type Message } from '../request.ts'
import { corrupt } from './bytes.ts'
import { changeHeaders } from './headers.ts'
import { changeFormat, changeMethod, changePath, changePeer } from './request-line.ts'
import { changeParameters } from './parameters.ts'
import type { Pool } from './values.ts'

type Change = (draft: Draft, random: Random, pool: Pool) => Draft

/** Repeated entries are chosen more often. */
const CHANGES: readonly [Change, ...Change[]] = [
  changeParameters,
  changeParameters,
  changeParameters,
  changeParameters,
  changeParameters,
  changeParameters,
  changeHeaders,
  changeHeaders,
  changeHeaders,
  changePeer,
]
const RARE: readonly [Change, ...Change[]] = [changeMethod, changePath, changeFormat]

/** Makes a few changes. Most of the request stays valid, so that it passes the first checks. */
export function mutate(draft: Draft, random: Random, pool: Pool): Message {
  const count = random.pick([1, 1, 1, 2, 2, 3, 4, 8])
  let changed = draft
  for (let index = 0; index < count; index += 1) {
    changed = random.pick(random.chance(0.06) ? RARE : CHANGES)(changed, random, pool)
  }
  const message = toMessage(changed)
  return random.chance(0.15) ? corrupt(message, random) : message
}
