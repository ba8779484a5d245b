import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { ROOT } from '../../house/repository.ts'
import type { Finding } from './experiment.ts'

const PAGE = join(ROOT, 'docs/reference/faults.md')
const MARKS = /(<!-- results of npm run faults -->\n)[^]*(<!-- end of results -->)/

/** Replaces the results in the documentation. */
export function writeResults(findings: readonly Finding[], introduction: string): void {
  const page = readFileSync(PAGE, 'utf8')
  writeFileSync(PAGE, page.replace(MARKS, `$1${introduction}\n\n${toTable(findings)}\n$2`))
}

const HEADINGS = [
  '',
  'what goes wrong',
  'answered',
  '503',
  'other refusals',
  'longest wait',
  'back after',
  'lost',
  'used twice',
]

/** Returns findings as a table in Markdown. */
export const toTable = (findings: readonly Finding[]): string =>
  [HEADINGS, HEADINGS.map(() => '---'), ...findings.map(toCells)]
    .map((cells) => `| ${cells.join(' | ')} |`)
    .join('\n')

function toCells(finding: Finding): readonly string[] {
  const { setting, fault, answers, longestWait, backAfter, lost, usedTwice } = finding
  const { ok = 0, 503: unavailable = 0, ...others } = answers
  return [
    `**${setting}**`,
    fault,
    String(ok),
    String(unavailable),
    Object.entries(others)
      .map(([label, count]) => `${count} × ${label}`)
      .join(', ') || '0',
    `${longestWait} s`,
    `${backAfter} s`,
    summarizeLosses(lost),
    String(usedTwice),
  ]
}

/** Counts what was lost, by kind. */
const summarizeLosses = (lost: Finding['lost']): string =>
  [...Map.groupBy(lost, ({ what }) => what)].map(([what, all]) => `${all.length} × ${what}`).join(', ') || '0'
