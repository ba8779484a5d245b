import { expect, test } from 'vitest'
import { CREDENTIALS, WHAT_ENDS_WHAT } from '../support/what-ends-what.ts'
import { filesBelow } from './repository.ts'

/** Returns the cells of the first table of a document, without links. */
const tableIn = (document: string): readonly (readonly string[])[] =>
  (/(?:^\|.*\|\n)+/m.exec(document)?.[0] ?? '')
    .trim()
    .split('\n')
    .filter((line) => !line.startsWith('|---'))
    .map((line) =>
      line
        .split('|')
        .slice(1, -1)
        .map((cell) => cell.trim().replace(/^\[(.*)\]\(.*\)$/, '$1')),
    )

test('the table of what ends what is the one that is tested', () => {
  expect(tableIn(filesBelow()['docs/reference/what-ends-what.md'] ?? '')).toEqual([
    ['', ...CREDENTIALS],
    ...Object.entries(WHAT_ENDS_WHAT).map(([event, outcomes]) => [event, ...outcomes]),
  ])
})
