import type { Random } from '../random.ts'
import { TEXTS } from './texts.ts'

/** Values that mutations insert. */
export interface Pool {
  /** Known and unknown parameter names. */
  readonly names: readonly [string, ...string[]]
  /** Valid credentials of every kind. */
  readonly secrets: readonly [string, ...string[]]
}

type Change = (value: string, random: Random, pool: Pool) => string

const CHANGES: readonly [Change, ...Change[]] = [
  (_, random) => random.pick(TEXTS),
  (value, random) => value + random.pick(TEXTS),
  (value, random) => insert(value, random.pick(TEXTS), random),
  (value, random) => value.slice(0, random.below(value.length + 1)),
  (value, random) => value.slice(random.below(value.length + 1)),
  (value, random) => flip(value, random),
  (value, random) => flip(value, random),
  (value) => value + value,
  (value) => value.toUpperCase(),
  (value) => ` ${value} `,
  (value) => encodeURIComponent(value.toWellFormed()),
  (value) => value.replaceAll('.', ''),
  (value) => Buffer.from(value).toString('base64'),
  (_, random, { secrets }) => random.pick(secrets),
  (_, random, { secrets }) => flip(random.pick(secrets), random),
  (_, random, { secrets }) => random.pick(secrets).slice(0, -1),
  (_, random, { secrets }) => `${random.pick(secrets)}${random.pick(['=', '.', ' ', '\0', 'A'])}`,
  (_, random) => String(random.below(2 ** 32) - 2 ** 31),
  (value, random) => (random.chance(0.02) ? value.padEnd(random.below(100_000), 'x') : value.slice(1)),
]

export const changeValue: Change = (value, random, pool) => random.pick(CHANGES)(value, random, pool)

/** Flips one bit of one character. */
export function flip(value: string, random: Random): string {
  if (value === '') return '\x01'
  const place = random.below(value.length)
  const character = String.fromCharCode(value.charCodeAt(place) ^ (1 << random.below(7)))
  return value.slice(0, place) + character + value.slice(place + 1)
}

function insert(value: string, text: string, random: Random): string {
  const place = random.below(value.length + 1)
  return value.slice(0, place) + text + value.slice(place)
}
