import { systemClock } from '../lib/clock.ts'
import { CommandError } from './errors.ts'
import { confirmOrCancel, requireConfirmable } from './interactive.ts'
import { print, printJson } from './output.ts'
import { withProject, requireInstalled, type Project } from './project.ts'

/** The flags of `consulate recover`. */
export interface RecoverOptions {
  readonly yes?: boolean
  readonly json?: boolean
}

/**
 * `consulate recover`: ends everything that the issuer has given out, on every running node. For a restored backup,
 * which knows nothing of what was revoked since, and for leaks. Asks first.
 */
export function recover(options: RecoverOptions): Promise<void> {
  requireConfirmable(options)
  return withProject(async (project) => {
    await requireInstalled(project)
    if (!options.json) print(...warning(project))
    await confirmOrCancel(options, 'Revoke everything?')
    const issuerEpoch = await endEverything(project)
    if (options.json) return printJson({ issuerEpoch })
    print('', 'Done. Running servers know it within the time that they poll in: a second.', ...AFTERWARDS)
  })
}

/**
 * Raises the issuer's epoch to the present time (ms), not by one: it may have been raised since the backup too, and what
 * was given out in those epochs must be below. Time outruns whatever is raised by ones.
 */
async function endEverything({ store }: Project): Promise<number> {
  const now = systemClock.now()
  const entry = await store.revocations.revoke({ kind: 'issuer', minimumEpoch: now }, now)
  if (!entry) throw new CommandError('the store did not revoke anything')
  return entry.epoch
}

const warning = ({ store, source }: Project): readonly string[] => [
  `In ${store.file ?? `the store that ${source} names`}, this ends at once, for everybody:`,
  '  every session: people sign in again',
  '  every authorization, with its refresh tokens and access tokens: clients send people to sign in',
  '  every token that a client has for itself: the client asks for another',
  '  every code that was not exchanged yet',
  'Clients, people, passwords and consents stay as they are in it.',
]

/** What is in the rows is as old as the backup, and nobody can tell what has changed since. */
const AFTERWARDS = [
  'If a backup was restored, it has also brought back what was changed since it was made:',
  '  clients that were revoked, and secrets that were replaced: `consulate client list`',
  '  people who were disabled, and passwords that were changed',
  '  consents that were taken back',
] as const
