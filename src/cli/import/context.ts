import type { Settings } from '../../config/settings.ts'
import type { UserRef } from '../../model/subject.ts'
import type { Store } from '../../store/contract.ts'
import type { AnyUserProvider } from '../../users/provider.ts'
import type { ImportLog } from './report.ts'

/** What all steps of an import need. */
export interface ImportContext {
  readonly store: Store
  readonly settings: Settings
  readonly hasBuiltInUsers: boolean
  /** True if imported users can't sign in: `builtInUsers()` has no `verifyLegacyHash`. */
  readonly rejectsPasswords: boolean
  readonly userProviderOf: (provider: string) => AnyUserProvider
  readonly subjectOf: (user: UserRef) => string
  readonly now: number
  readonly timeZone: string
  readonly isDryRun: boolean
  readonly log: ImportLog
  /** The emails of the users that this run has imported: a dry run finds them nowhere else. */
  readonly emails: Set<string>
}
