import { resolveSettings } from '../config/settings.ts'
import { resetUrl } from '../endpoints/paths.ts'
import { systemClock } from '../lib/clock.ts'
import { subjectOf, type UserRef } from '../model/subject.ts'
import { draftResetLink } from '../users/password-reset.ts'
import { displayNameOf } from '../users/provider.ts'
import { CommandError } from './errors.ts'
import { print, printJson, timestamp } from './output.ts'
import { requireInstalled, userProviderOf, withProject, type Project } from './project.ts'
import { requireUser } from './user-lookup.ts'

/** The flags of `consulate user reset-link`. */
export interface ResetLinkOptions {
  readonly json?: boolean
}

/** The limit protects users from strangers' requests. An operator's requests do not count. */
const NO_LIMIT = { maximum: Number.MAX_SAFE_INTEGER, since: 0 } as const

/** `consulate user reset-link`: prints a link with which a user of any provider chooses a new password. */
export const printUserResetLink = (who: string, { json = false }: ResetLinkOptions): Promise<void> =>
  withProject(async (project) => {
    const settings = resolveSettings(project.config)
    if (!settings.passwordReset)
      throw new CommandError(`Password resets are off. Add \`passwordReset\` to ${project.source}.`)
    await requireInstalled(project)
    const ref = await requireUser(project, who)
    const users = userProviderOf(project, ref.provider)
    const user = await users.find(ref.userId)
    if (!user) throw new CommandError(`The user "${who}" is disabled.`)
    if (!users.setPassword)
      throw new CommandError(`The user provider ${ref.provider} has no \`setPassword\`.`)
    const { token, expiresAt } = await createLink(project, ref, settings.passwordReset.lifetime)
    project.activity.events.emit('password-reset.requested', {
      requestId: null,
      sub: subjectOf(ref, project.provider),
    })
    const url = resetUrl(settings, ref.provider, token)
    if (json) return printJson({ url, expires_at: new Date(expiresAt).toISOString() })
    print(`Password reset link for ${displayNameOf(user)}. Works once, until ${timestamp(expiresAt)}:`, url)
  })

async function createLink(
  { store, provider }: Project,
  user: UserRef,
  lifetime: number,
): Promise<{ readonly token: string; readonly expiresAt: number }> {
  const subject = subjectOf(user, provider)
  const epochs = await store.revocations.readEpochs(subject, '')
  const { token, reset } = draftResetLink(user, systemClock.now(), lifetime)
  await store.passwordResets.insert(reset, { subject, epochs }, NO_LIMIT)
  return { token, expiresAt: reset.expiresAt }
}
