import type { Random } from '../random.ts'
import type { Draft, Pairs } from '../request.ts'
import { TEXTS } from './texts.ts'
import { changeValue, type Pool } from './values.ts'

type Change = (pairs: Pairs, random: Random, pool: Pool) => Pairs

/** Changes the value of one parameter. Chosen most often. */
const change: Change = (pairs, random, pool) =>
  atRandom(pairs, random, ([name, value]) => [[name, changeValue(value, random, pool)]])

const CHANGES: readonly [Change, ...Change[]] = [
  change,
  change,
  change,
  change,
  (pairs, random) => atRandom(pairs, random, () => []),
  (pairs, random) => atRandom(pairs, random, ([name]) => [[name, '']]),
  (pairs, random) => atRandom(pairs, random, (pair) => [pair, pair]),
  (pairs, random, pool) =>
    atRandom(pairs, random, ([name, value]) => [
      [name, value],
      [name, changeValue(value, random, pool)],
    ]),
  (pairs, random) => atRandom(pairs, random, ([name, value]) => [[rename(name, random), value]]),
  (pairs, random) => swapValues(pairs, random),
  (pairs) => pairs.toReversed(),
  (pairs, random, pool) => [...pairs, [random.pick(pool.names), changeValue('', random, pool)]],
  (pairs, random, pool) => [[random.pick(pool.names), random.pick(pool.secrets)], ...pairs],
  (pairs, random) => [...pairs, [random.pick(TEXTS), random.pick(TEXTS)]],
  (pairs, random) =>
    random.chance(0.05) ? [...pairs, ...manyPairs(random.below(2000))] : [...pairs, ...manyPairs(5)],
]

/** Changes the parameters of the query or the body, or moves them between the two. */
export function changeParameters(draft: Draft, random: Random, pool: Pool): Draft {
  const { query, body } = draft
  if (random.chance(0.08)) return relocate(draft, random)
  const isOfBody = body !== undefined && (query.length === 0 || random.chance(0.7))
  const changed = random.pick(CHANGES)(isOfBody ? body : query, random, pool)
  return isOfBody ? { ...draft, body: changed } : { ...draft, query: changed }
}

/** Moves parameters from the query to the body, the other way round, or into both. */
function relocate(draft: Draft, random: Random): Draft {
  const all = [...draft.query, ...(draft.body ?? [])]
  return random.pick<Draft>([
    { ...draft, query: all, body: draft.body && [] },
    { ...draft, query: [], body: all },
    { ...draft, query: all, body: all },
    { ...draft, query: draft.body ?? [], body: draft.query },
  ])
}

function atRandom(pairs: Pairs, random: Random, change: (pair: Pairs[number]) => Pairs): Pairs {
  const place = random.below(pairs.length)
  return pairs.flatMap((pair, index) => (index === place ? change(pair) : [pair]))
}

function swapValues(pairs: Pairs, random: Random): Pairs {
  const [left, right] = [random.below(pairs.length), random.below(pairs.length)]
  const valueAt = (index: number): string => pairs[index]?.[1] ?? ''
  return pairs.map(([name, value], index) => {
    if (index === left) return [name, valueAt(right)]
    return [name, index === right ? valueAt(left) : value]
  })
}

const rename = (name: string, random: Random): string =>
  random.pick([
    name.toUpperCase(),
    `${name}[]`,
    `${name}[0]`,
    ` ${name}`,
    `${name}\0`,
    `${name}.${name}`,
    `__proto__[${name}]`,
    name.replaceAll('_', '-'),
    name.replaceAll('_', ''),
  ])

const manyPairs = (count: number): Pairs =>
  Array.from({ length: count }, (_, index) => [`p${index}`, String(index)] as const)
