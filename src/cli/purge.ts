import { resolveMaintenance } from '../config/maintenance.ts'
import { purge, type PurgeCounts, type PurgeReport } from '../jobs/purge.ts'
import { systemClock } from '../lib/clock.ts'
import { createValidator } from '../lib/validator.ts'
import { CommandError } from './errors.ts'
import { fields, print, printJson } from './output.ts'
import { createProgressBar } from './progress.ts'
import { requireInstalled, withProject, type Project } from './project.ts'

/** The flags of `consulate purge`. */
export interface PurgeOptions {
  readonly hours?: number
  readonly revoked?: boolean
  readonly expired?: boolean
  readonly dryRun?: boolean
  readonly json?: boolean
}

const NAMES: Readonly<Record<keyof PurgeCounts, string>> = {
  codes: 'codes',
  deviceCodes: 'device codes',
  passwordResets: 'password resets',
  authorizations: 'authorizations',
  sessions: 'sessions',
  importedTokens: 'imported tokens',
  revocations: 'revocation entries',
  audit: 'audit entries',
  webhookDeliveries: 'webhook messages',
}

/** `consulate purge`: deletes expired and revoked rows. Ctrl-C stops it between two batches. */
export function purgeTables(options: PurgeOptions): Promise<void> {
  return withProject(async (project) => {
    await requireInstalled(project)
    const report = await purgeUntilInterrupted(project, options)
    printReport(report, options)
    if (!report.isComplete) {
      throw new CommandError('Interrupted. Run `consulate purge` again to delete the rest.')
    }
  })
}

async function purgeUntilInterrupted(
  { store, config, activity }: Project,
  { json = false, ...options }: PurgeOptions,
): Promise<PurgeReport> {
  const retention = resolveMaintenance(config, createValidator())
  const interruption = new AbortController()
  const interrupt = (): void => interruption.abort()
  const bar = createProgressBar(!json)
  process.once('SIGINT', interrupt).once('SIGTERM', interrupt)
  try {
    const target = { store: store.purge, clock: systemClock, ...retention, events: activity.events }
    const onProgress = ({ done, total }: { done: number; total: number }): void => bar.show(done, total)
    return await purge(target, { ...options, signal: interruption.signal, onProgress })
  } finally {
    process.off('SIGINT', interrupt).off('SIGTERM', interrupt)
    bar.clear()
  }
}

function printReport(
  { counts, isComplete }: PurgeReport,
  { dryRun = false, json = false }: PurgeOptions,
): void {
  if (json) return printJson({ dryRun, isComplete, counts })
  const rows = Object.entries(NAMES).map(
    ([kind, name]) => [name, String(counts[kind as keyof PurgeCounts])] as const,
  )
  print(dryRun ? 'Would delete:' : 'Deleted:', ...fields(rows))
}
