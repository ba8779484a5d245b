/** What is imported. */
export type ImportKind = 'clients' | 'users' | 'accessTokens' | 'personalTokens' | 'machineTokens'

/** How many rows of a kind were imported, were there from an earlier run, or were skipped. */
export interface ImportCounts {
  imported: number
  existing: number
  /** Revoked now, because Passport has revoked them since an earlier run. */
  revoked: number
  skipped: number
}

/** Why rows were skipped, or imported with less than they had. */
export interface ImportNote {
  readonly kind: ImportKind
  readonly reason: string
  count: number
  /** The first of them, with their IDs in Passport's tables. Never those of tokens. */
  readonly ids: string[]
}

/** The result of an import. */
export interface ImportReport {
  readonly counts: Readonly<Record<ImportKind, ImportCounts>>
  /** The number of refresh tokens among the access tokens. */
  refreshTokens: number
  readonly skipped: readonly ImportNote[]
  readonly changed: readonly ImportNote[]
}

/** Collects the report. */
export interface ImportLog {
  /** Whether a client has a secret that only `passport.verifyLegacyHash` can verify. */
  hasLegacySecrets: boolean
  /** Whether a built-in user has a password that only `builtInUsers({ verifyLegacyHash })` can verify. */
  hasLegacyPasswords: boolean
  readonly report: ImportReport
  count(kind: ImportKind, outcome: Exclude<keyof ImportCounts, 'skipped'>): void
  skip(kind: ImportKind, reason: string, id?: string): void
  change(kind: ImportKind, reason: string, id?: string): void
}

const MAX_IDS = 20

/** Creates an empty report. */
export function createImportLog(): ImportLog {
  const counts = (): ImportCounts => ({ imported: 0, existing: 0, revoked: 0, skipped: 0 })
  const [skipped, changed]: ImportNote[][] = [[], []]
  const report: ImportReport = {
    counts: {
      clients: counts(),
      users: counts(),
      accessTokens: counts(),
      personalTokens: counts(),
      machineTokens: counts(),
    },
    refreshTokens: 0,
    skipped: skipped ?? [],
    changed: changed ?? [],
  }
  return {
    hasLegacySecrets: false,
    hasLegacyPasswords: false,
    report,
    count: (kind, outcome) => void (report.counts[kind][outcome] += 1),
    skip(kind, reason, id) {
      report.counts[kind].skipped += 1
      addNote(skipped ?? [], kind, reason, id)
    },
    change: (kind, reason, id) => addNote(changed ?? [], kind, reason, id),
  }
}

function addNote(notes: ImportNote[], kind: ImportKind, reason: string, id: string | undefined): void {
  let note = notes.find((each) => each.kind === kind && each.reason === reason)
  if (!note) notes.push((note = { kind, reason, count: 0, ids: [] }))
  note.count += 1
  if (id !== undefined && note.ids.length < MAX_IDS) note.ids.push(id)
}
