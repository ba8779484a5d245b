import { describe, expect, test } from 'vitest'
import { PASSPORT_FEATURES, type FeatureProof } from './passport-features.ts'
import { filesBelow, type Files } from './repository.ts'
import { missingTests } from './threats.ts'

const NUMBERS = Array.from({ length: 222 }, (_, index) => index + 1)

interface GuideRow {
  readonly number: number
  /** What Passport has, what we have, and the difference. */
  readonly cells: readonly string[]
}

/** The numbered rows of a guide. */
const rowsOf = (guide: string): readonly GuideRow[] =>
  guide
    .split('\n')
    .map((line) => line.split(/(?<!\\)\|/).map((cell) => cell.trim()))
    .filter((cells) => /^\d+$/.test(cells[1] ?? ''))
    .map(([, number, ...cells]) => ({ number: Number(number), cells: cells.slice(0, -1) }))

const OPEN = /\b(?:not yet|not available|planned|coming)\b/i

/** What is wrong with the guide, and with the tests that prove it. */
function problemsOf(
  rows: readonly GuideRow[],
  proofs: Readonly<Record<number, FeatureProof>>,
  files: Files,
): readonly string[] {
  return NUMBERS.flatMap((number) => {
    const own = rows.filter((row) => row.number === number)
    const proof = proofs[number]
    if (own.length !== 1 || !proof) return [`${number}: has ${own.length} rows and ${proof ? 1 : 0} proofs`]
    return [...own.flatMap((row) => rowProblems(row, proof)), ...proofProblems(number, proof, files)]
  })
}

function rowProblems({ number, cells }: GuideRow, proof: FeatureProof): readonly string[] {
  const isRejected = Boolean(cells[1]?.startsWith('Not offered'))
  return [
    ...(cells.length === 3 && cells.every((cell) => cell !== '') ? [] : [`${number}: has an empty cell`]),
    ...(OPEN.test(cells.join(' ')) ? [`${number}: is open`] : []),
    ...(isRejected === 'notOffered' in proof ? [] : [`${number}: the guide and its proof disagree`]),
  ]
}

const proofProblems = (number: number, proof: FeatureProof, files: Files): readonly string[] =>
  'notOffered' in proof
    ? []
    : missingTests(
        [
          {
            name: String(number),
            defense: '',
            sections: '',
            tests: [{ file: proof[0], titles: [proof[1]] }],
          },
        ],
        files,
      )

test('the guide from Passport has each of its features once, and a test proves each', () => {
  const guide = filesBelow('docs')['docs/guides/from-passport.md'] ?? ''
  expect(problemsOf(rowsOf(guide), PASSPORT_FEATURES, filesBelow('test'))).toEqual([])
})

describe('the check of the guide finds', () => {
  const files = { 'test/flows/a.test.ts': "test('works', () => {})" }
  const proof: FeatureProof = ['flows/a', 'works']
  const check = (line: string, given: FeatureProof = proof): readonly string[] =>
    problemsOf(rowsOf(line), { 1: given }, files).filter((problem) => problem.startsWith('1:'))

  test.each([
    ['nothing', '| 1 | a | b | — |', proof, []],
    ['a row that is missing', '| 2 | a | b | — |', proof, ['1: has 0 rows and 1 proofs']],
    [
      'a row that is there twice',
      '| 1 | a | b | — |\n| 1 | a | b | — |',
      proof,
      ['1: has 2 rows and 1 proofs'],
    ],
    ['an empty cell', '| 1 | a |  | — |', proof, ['1: has an empty cell']],
    ['an open row', '| 1 | a | not yet | — |', proof, ['1: is open']],
    [
      'a reason in one place only',
      '| 1 | a | Not offered | — |',
      proof,
      ['1: the guide and its proof disagree'],
    ],
    [
      'a test that does not exist',
      '| 1 | a | b | — |',
      ['flows/a', 'breaks'] as const,
      ['1: test/flows/a.test.ts has no test “breaks”'],
    ],
  ])('%s', (_, line, given, problems) => {
    expect(check(line, given)).toEqual(problems)
  })
})
