import type { Random } from '../random.ts'
import { messageOf, type Draft, type Message } from '../request.ts'
import { spoil } from './bytes.ts'
import { changeHeaders } from './headers.ts'
import { changeFormat, changeMethod, changePath, changePeer } from './lines.ts'
import { changeParameters } from './parameters.ts'
import type { Pool } from './values.ts'

type Change = (draft: Draft, random: Random, pool: Pool) => Draft

/** Each as often as it stands here. */
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

/** One to a few things about a request changed: most of it stays valid, or nothing behind the first check is reached. */
export function mutate(draft: Draft, random: Random, pool: Pool): Message {
  const count = random.pick([1, 1, 1, 2, 2, 3, 4, 8])
  let changed = draft
  for (let index = 0; index < count; index += 1) {
    changed = random.pick(random.chance(0.06) ? RARE : CHANGES)(changed, random, pool)
  }
  const message = messageOf(changed)
  return random.chance(0.15) ? spoil(message, random) : message
}
