import { fields, print, printJson, table, wrap } from '../output.ts'
import type { ImportCounts, ImportKind, ImportNote, ImportReport } from './report.ts'

/** How the report is printed, and what it depends on. */
export interface PrintOptions {
  readonly isDryRun: boolean
  readonly isJson: boolean
  /** What the configuration lacks for the imported rows to work. */
  readonly missing: readonly string[]
}

const NAMES: Readonly<Record<ImportKind, string>> = {
  clients: 'clients',
  users: 'users',
  accessTokens: 'access tokens',
  personalTokens: 'personal tokens',
  machineTokens: 'machine tokens',
}

/** For the audit log: `imported 3 clients, 2 users; revoked 1 access tokens`. */
export function summaryOf({ counts }: ImportReport): string {
  const list = (outcome: 'imported' | 'revoked'): string =>
    Object.entries(NAMES)
      .map(([kind, name]) => [counts[kind as ImportKind][outcome], name] as const)
      .filter(([count]) => count > 0)
      .map(([count, name]) => `${count} ${name}`)
      .join(', ')
  return `imported ${list('imported') || 'nothing'}; revoked ${list('revoked') || 'nothing'}`
}

export function printReport(report: ImportReport, { isDryRun, isJson, missing }: PrintOptions): void {
  if (isJson) return printJson({ dryRun: isDryRun, ...report, missing })
  const kinds = Object.entries(report.counts) as readonly [ImportKind, ImportCounts][]
  print(
    isDryRun ? 'Dry run: nothing was changed.' : 'Imported from Passport:',
    '',
    ...table(
      ['', isDryRun ? 'To import' : 'Imported', 'Existing', 'Revoked', 'Skipped'],
      kinds.map(([kind, counts]) => [
        NAMES[kind],
        ...[counts.imported, counts.existing, counts.revoked, counts.skipped].map(String),
      ]),
    ),
    ...fields([['with a refresh token', String(report.refreshTokens)]]),
    ...noteLines('Skipped:', report.skipped),
    ...noteLines('Changed:', report.changed),
    ...missing.flatMap((text) => ['', ...wrap(text)]),
  )
}

const noteLines = (title: string, notes: readonly ImportNote[]): readonly string[] =>
  notes.length === 0 ? [] : ['', title, ...fields(notes.map((note) => [labelOf(note), textOf(note)]))]

const labelOf = ({ kind, count }: ImportNote): string => `${count} ${NAMES[kind]}`

const textOf = ({ reason, count, ids }: ImportNote): string => {
  const more = count > ids.length && ids.length > 0 ? ', …' : ''
  return ids.length === 0 ? reason : `${reason} (${ids.join(', ')}${more})`
}
