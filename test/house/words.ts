import type { Files } from './repository.ts'

interface Ban {
  readonly what: string
  readonly pattern: RegExp
}

/** No pattern may match its own source, because this file is checked too. */
const BANS: readonly Ban[] = [
  { what: 'a local path', pattern: /(?<![\w.]|:\/\/[^ ]*)\/(?:work|root|home\/\w+|Users\/\w+)\// },
  { what: 'a registry host', pattern: /\bregistry\.[a-z0-9-]+\.[a-z]+|"resolved": "[h]ttp/ },
  { what: 'unfinished work', pattern: /\b(?:TO[D]O|FIX[M]E)\b/ },
  {
    what: 'a private document',
    pattern: /\b(?:DESIGN|FEATURES)\.md|\([^)]*\bD\d{1,2}\b/,
  },
]

/** Text that leaks where it was written or that it is unfinished: `src/a.ts:3 contains a local path`. */
export const bannedText = (files: Files): readonly string[] =>
  Object.entries(files).flatMap(([path, text]) =>
    text
      .split('\n')
      .flatMap((line, index) => bansIn(line).map((what) => `${path}:${index + 1} contains ${what}`)),
  )

const bansIn = (line: string): readonly string[] =>
  BANS.filter(({ pattern }) => pattern.test(line)).map(({ what }) => what)
