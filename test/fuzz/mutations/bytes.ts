import type { Random } from '../random.ts'
import type { Message } from '../request.ts'
import { BREAKAGE } from './texts.ts'

type Change = (bytes: Buffer, random: Random) => Buffer

const CHANGES: readonly [Change, ...Change[]] = [
  (bytes, random) => bytes.subarray(0, random.below(bytes.length + 1)),
  (bytes, random) => splice(bytes, Buffer.from(random.pick(BREAKAGE)), random),
  (bytes, random) => splice(bytes, Buffer.from(random.pick(BREAKAGE)), random),
  (bytes, random) => splice(bytes, noise(1 + random.below(4), random), random),
  (bytes, random) => splice(bytes, bytes.subarray(0, random.below(bytes.length + 1)), random),
  (bytes, random) => flipBit(bytes, random),
]

const GARBAGE: Change = (_, random) => noise(random.below(random.chance(0.02) ? 100_000 : 300), random)

/** Corrupts an encoded request: broken escapes, truncated text, random bytes. */
export function corrupt(message: Message, random: Random): Message {
  const { body, query } = message
  if (body && random.chance(0.6)) {
    return { ...message, body: (random.chance(0.15) ? GARBAGE : random.pick(CHANGES))(body, random) }
  }
  const corrupted = random.pick(CHANGES)(Buffer.from(query), random).toString('latin1')
  // Node rejects all other characters in a request line.
  return { ...message, query: corrupted.replaceAll(/[^\x21-\x7e]/g, '%fe') }
}

export const corruptBytes: Change = (bytes, random) => random.pick(CHANGES)(bytes, random)

function splice(bytes: Buffer, piece: Buffer, random: Random): Buffer {
  const place = random.below(bytes.length + 1)
  return Buffer.concat([bytes.subarray(0, place), piece, bytes.subarray(place)])
}

function flipBit(bytes: Buffer, random: Random): Buffer {
  const copy = Buffer.from(bytes)
  const place = random.below(copy.length)
  if (copy.length > 0) copy[place] = (copy[place] ?? 0) ^ (1 << random.below(8))
  return copy
}

const noise = (length: number, random: Random): Buffer =>
  Buffer.from(Array.from({ length }, () => random.below(256)))
