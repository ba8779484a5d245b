import type { Finding } from './experiment.ts'

/** Returns findings as a table in Markdown. */
export const toTable = (findings: readonly Finding[]): string =>
  findings
    .map(
      ({ setting, fault, answers, backAfter, longestWait, lost, usedTwice, repeated, problems }) =>
        `| ${setting} | ${fault} | ${JSON.stringify(answers)} | ${longestWait} s | ${backAfter} s | ${lost.length} | ${usedTwice} | ${JSON.stringify(repeated)} | ${problems.join('; ') || 'none'} |`,
    )
    .join('\n')
