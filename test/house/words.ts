import type { Files } from './repository.ts'

interface Ban {
  readonly what: string
  readonly pattern: RegExp
}

/** Written so that no pattern fits its own text. */
const BANS: readonly Ban[] = [
  { what: 'a path of a machine', pattern: /(?<![\w.]|:\/\/[^ ]*)\/(?:work|root|home\/\w+|Users\/\w+)\// },
  { what: 'a registry host', pattern: /\bregistry\.[a-z0-9-]+\.[a-z]+|"resolved": "[h]ttp/ },
  { what: 'unfinished work', pattern: /\b(?:TO[D]O|FIX[M]E)\b/ },
  {
    what: 'a document that the reader does not have',
    pattern: /\b(?:DESIGN|FEATURES)\.md|\([^)]*\bD\d{1,2}\b/,
  },
]

/** Words that say where, by whom or how half-done a text was written: `src/a.ts:3 names a path of a machine`. */
export const strayWords = (files: Files): readonly string[] =>
  Object.entries(files).flatMap(([path, text]) =>
    text
      .split('\n')
      .flatMap((line, index) => bansIn(line).map((what) => `${path}:${index + 1} names ${what}`)),
  )

const bansIn = (line: string): readonly string[] =>
  BANS.filter(({ pattern }) => pattern.test(line)).map(({ what }) => what)
