import { systemClock } from '../lib/clock.ts'
import { byCommandLine } from './activity.ts'
import { displayPath } from './config-error.ts'
import { CommandError } from './errors.ts'
import { confirmOrCancel, requireConfirmable } from './interactive.ts'
import { print, printJson, wrap } from './output.ts'
import { requireInstalled, withProject, type Project } from './project.ts'

/** The flags of `consulate recover`. */
export interface RecoverOptions {
  readonly yes?: boolean
  readonly json?: boolean
}

/**
 * `consulate recover`: revokes everything that the issuer has issued, on every running server. For leaks, and for restored
 * backups, which lack all later revocations. Asks for confirmation.
 */
export function recover(options: RecoverOptions): Promise<void> {
  requireConfirmable(options)
  return withProject(async (project) => {
    await requireInstalled(project)
    if (!options.json) print(...warning(project))
    await confirmOrCancel(options, 'Revoke everything?')
    const issuerEpoch = await revokeEverything(project)
    if (options.json) return printJson({ issuerEpoch })
    print('', ...RESULT.flatMap((line) => wrap(line)))
  })
}

/**
 * Raises the issuer's epoch to the current time (ms) instead of by one. It may have been raised since the backup was made,
 * and the tokens of those epochs must be below it too. Raised by one at a time, it never gets that far.
 */
async function revokeEverything({ activity }: Project): Promise<number> {
  const now = systemClock.now()
  const entry = await activity.revoker.revoke(
    { kind: 'issuer', minimumEpoch: now },
    byCommandLine('recovery'),
  )
  if (!entry) throw new CommandError('The store revoked nothing.')
  return entry.epoch
}

const warning = ({ store, source }: Project): readonly string[] => [
  ...wrap(
    `This revokes the following in ${store.file ? displayPath(store.file) : `the store of ${source}`}:`,
  ),
  '- all sessions: users must sign in again',
  '- all authorizations, with their refresh and access tokens',
  '- all access tokens of clients (client credentials)',
  '- all codes that were not exchanged yet',
  'Clients, users, passwords and consents are kept.',
]

const RESULT = [
  'Revoked everything. Running servers reject the old tokens within 1 second.',
  'If you restored a backup, it also undid changes that were made since. Check:',
  '- revoked clients and replaced secrets (`consulate client list`)',
  '- disabled users and changed passwords',
  '- revoked consents',
] as const
