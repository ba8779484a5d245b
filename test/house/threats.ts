import type { Files } from './repository.ts'

/** One line of the table of threats. */
export interface Threat {
  readonly name: string
  readonly defense: string
  /** What the RFCs say about it: `9700 §4.1; 6819 §4.2.4`. */
  readonly sections: string
  /** Its tests by file: `attacks/redirects` and the titles in it. */
  readonly tests: readonly { readonly file: string; readonly titles: readonly string[] }[]
}

/** The threats of a document: the lines of those of its tables that have four columns. */
export const threatsOf = (document: string): readonly Threat[] =>
  document
    .split('\n')
    .map((line) => line.split(/(?<!\\)\|/).map((cell) => cell.trim()))
    .filter((cells) => cells.length === 6 && cells[1] !== 'threat' && !/^-+$/.test(cells[1] ?? ''))
    .map(([, name = '', defense = '', sections = '', tests = '']) => ({
      name,
      defense,
      sections,
      tests: testsIn(tests),
    }))

/** `` `attacks/redirects` “a title”, “another”; `flows/refresh` “a third” `` */
const testsIn = (cell: string): Threat['tests'] =>
  [...cell.matchAll(/`([\w/-]+)`((?:,? “[^”]+”)*)/g)].map(([, file = '', titles = '']) => ({
    file,
    titles: [...titles.matchAll(/“([^”]+)”/g)].map(([, title = '']) => title),
  }))

/** What a threat promises that is not there: `stolen code: test/flows/code.test.ts has no test “x”`. */
export const emptyPromises = (threats: readonly Threat[], files: Files): readonly string[] =>
  threats.flatMap(({ name, tests }) => [
    ...(tests.length === 0 ? [`${name}: has no test`] : []),
    ...tests.flatMap(({ file, titles }) =>
      missingFrom(file, titles, files).map((what) => `${name}: ${what}`),
    ),
  ])

function missingFrom(file: string, titles: readonly string[], files: Files): readonly string[] {
  const path = `test/${file}.test.ts`
  const text = files[path]
  if (text === undefined) return [`there is no ${path}`]
  if (titles.length === 0) return [`names no test of ${path}`]
  return titles.filter((title) => !hasTest(text, title)).map((title) => `${path} has no test “${title}”`)
}

/** Whether a test or a group of tests has this title: a text in quotes that is followed by a function. */
function hasTest(text: string, title: string): boolean {
  const quoted = title.replaceAll(/[\\^$.*+?()[\]{}|]/g, String.raw`\$&`)
  return new RegExp(`[('"\`\\s]['"\`]${quoted}['"\`],\\s*(?:async\\b|\\(|\\w+ =>)`).test(text)
}

/** The files of attacks that no threat names. */
export const unnamedAttacks = (threats: readonly Threat[], files: Files): readonly string[] =>
  Object.keys(files)
    .filter((path) => /^test\/attacks\/.*\.test\.ts$/.test(path))
    .filter((path) => !threats.some(({ tests }) => tests.some(({ file }) => path === `test/${file}.test.ts`)))

/** Those of the sections that a document does not speak of; `name` is the RFC's. */
export const unspokenSections = (
  document: string,
  name: string,
  sections: readonly string[],
): readonly string[] => {
  const lists = [...document.matchAll(/(\d{4}) ((?:§[\d.]+\d(?:, )?)+)/g)].filter(([, rfc]) => rfc === name)
  const spoken = new Set(
    lists.flatMap(([, , list = '']) => [...list.matchAll(/§([\d.]+\d)/g)].map(([, section]) => section)),
  )
  return sections.filter((section) => !spoken.has(section)).map((section) => `RFC ${name} §${section}`)
}
