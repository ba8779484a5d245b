import type { Files } from './repository.ts'

/** A row of the threat table. */
export interface Threat {
  readonly name: string
  readonly defense: string
  /** RFC sections: `9700 §4.1; 6819 §4.2.4`. */
  readonly sections: string
  /** Tests by file: `attacks/redirects` and test titles. */
  readonly tests: readonly { readonly file: string; readonly titles: readonly string[] }[]
}

/** Reads the threats from the four-column tables of a document. */
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

/** Tests that a threat names but that do not exist: `stolen code: test/flows/code.test.ts has no test “x”`. */
export const missingTests = (threats: readonly Threat[], files: Files): readonly string[] =>
  threats.flatMap(({ name, tests }) => [
    ...(tests.length === 0 ? [`${name}: has no test`] : []),
    ...tests.flatMap(({ file, titles }) =>
      missingFrom(file, titles, files).map((what) => `${name}: ${what}`),
    ),
  ])

function missingFrom(file: string, titles: readonly string[], files: Files): readonly string[] {
  const path = `test/${file}.test.ts`
  const text = files[path]
  if (text === undefined) return [`${path} does not exist`]
  if (titles.length === 0) return [`names no test of ${path}`]
  return titles.filter((title) => !hasTest(text, title)).map((title) => `${path} has no test “${title}”`)
}

/** Returns whether a test or group has this title: a quoted string followed by a function. */
function hasTest(text: string, title: string): boolean {
  const quoted = title.replaceAll(/[\\^$.*+?()[\]{}|]/g, String.raw`\$&`)
  return new RegExp(`[('"\`\\s]['"\`]${quoted}['"\`],\\s*(?:async\\b|\\(|\\w+ =>)`).test(text)
}

/** Attack tests that no threat refers to. */
export const unlistedAttacks = (threats: readonly Threat[], files: Files): readonly string[] =>
  Object.keys(files)
    .filter((path) => /^test\/attacks\/.*\.test\.ts$/.test(path))
    .filter((path) => !threats.some(({ tests }) => tests.some(({ file }) => path === `test/${file}.test.ts`)))

/** Sections of an RFC that the document does not mention. */
export const unmentionedSections = (
  document: string,
  name: string,
  sections: readonly string[],
): readonly string[] => {
  const lists = [...document.matchAll(/(\d{4}) ((?:§[\d.]+\d(?:, )?)+)/g)].filter(([, rfc]) => rfc === name)
  const mentioned = new Set(
    lists.flatMap(([, , list = '']) => [...list.matchAll(/§([\d.]+\d)/g)].map(([, section]) => section)),
  )
  return sections.filter((section) => !mentioned.has(section)).map((section) => `RFC ${name} §${section}`)
}
