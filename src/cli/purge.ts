import { resolveMaintenance } from '../config/maintenance.ts'
import { purge, type PurgeCounts, type PurgeReport } from '../jobs/purge.ts'
import { systemClock } from '../lib/clock.ts'
import { createValidator } from '../lib/validator.ts'
import { CommandError } from './errors.ts'
import { fields, print, printJson } from './output.ts'
import { progressBar } from './progress.ts'
import { withProject, requireInstalled, type Project } from './project.ts'

/** The flags of `consulate purge`. */
export interface PurgeFlags {
  readonly hours?: number
  readonly revoked?: boolean
  readonly expired?: boolean
  readonly dryRun?: boolean
  readonly json?: boolean
}

const NAMES: Readonly<Record<keyof PurgeCounts, string>> = {
  codes: 'codes',
  deviceCodes: 'device codes',
  authorizations: 'authorizations',
  sessions: 'sessions',
  revocations: 'revocation entries',
  audit: 'audit entries',
}

/** `consulate purge`: deletes what has ended. Ctrl-C ends it between two batches; what was deleted is told all the same. */
export function purgeTables(flags: PurgeFlags): Promise<void> {
  return withProject(async (project) => {
    await requireInstalled(project)
    const report = await run(project, flags)
    tell(report, flags)
    if (!report.isComplete) throw new CommandError('interrupted: run it again for the rest')
  })
}

async function run(
  { store, config }: Project,
  { json = false, ...options }: PurgeFlags,
): Promise<PurgeReport> {
  const { auditRetention } = resolveMaintenance(config, createValidator())
  const interruption = new AbortController()
  const interrupt = (): void => interruption.abort()
  const bar = progressBar(!json)
  process.once('SIGINT', interrupt).once('SIGTERM', interrupt)
  try {
    const target = { store: store.purge, clock: systemClock, auditRetention }
    const onProgress = ({ done, total }: { done: number; total: number }): void => bar.show(done, total)
    return await purge(target, { ...options, signal: interruption.signal, onProgress })
  } finally {
    process.off('SIGINT', interrupt).off('SIGTERM', interrupt)
    bar.end()
  }
}

function tell({ counts, isComplete }: PurgeReport, { dryRun = false, json = false }: PurgeFlags): void {
  if (json) return printJson({ dryRun, isComplete, counts })
  const rows = Object.entries(NAMES).map(
    ([kind, name]) => [name, String(counts[kind as keyof PurgeCounts])] as const,
  )
  print(dryRun ? 'Would be deleted:' : 'Deleted:', ...fields(rows))
}
