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

/** Turns of phrase that no native speaker uses in this sense. */
const UNNATURAL: Ban = {
  what: 'unnatural wording',
  pattern:
    /\bwhere there (?:is|are) (?:no|none|nothing)\b|\bundefined wher[e]\b|\bthat there (?:is|are) not\b|\bhear[s]? of\b|\bmend(?:[s]|ed)?\b|\bat a strok[e]\b|\bin vai[n]\b|\bamis[s]\b|\bgoes o[n]\b|\bwhoeve[r]\b|\bsomebod[y]\b|\bdo(?:es)? no har[m]\b/i,
}

/** The contributing guide shows examples of it. */
const MAY_BE_UNNATURAL = new Set(['CONTRIBUTING.md'])

/** Text that leaks where it was written or that it is unfinished: `src/a.ts:3 contains a local path`. */
export const bannedText = (files: Files): readonly string[] =>
  Object.entries(files).flatMap(([path, text]) =>
    text
      .split('\n')
      .flatMap((line, index) => bansIn(path, line).map((what) => `${path}:${index + 1} contains ${what}`)),
  )

const bansIn = (path: string, line: string): readonly string[] =>
  [...BANS, ...(MAY_BE_UNNATURAL.has(path) ? [] : [UNNATURAL])]
    .filter(({ pattern }) => pattern.test(line))
    .map(({ what }) => what)
