import { resolveSettings } from '../config/settings.ts'
import { resetUrl } from '../endpoints/paths.ts'
import { systemClock } from '../lib/clock.ts'
import { subjectOf } from '../model/subject.ts'
import { draftResetLink } from '../users/password-reset.ts'
import { displayNameOf } from '../users/provider.ts'
import { CommandError } from './errors.ts'
import { print, printJson, timestamp } from './output.ts'
import { requireInstalled, userProviderOf, withProject } from './project.ts'
import { requireUser } from './user-lookup.ts'

/** The flags of `consulate user reset-link`. */
export interface ResetLinkOptions {
  readonly json?: boolean
}

/** An operator knows whom they give a link, so the limit of requests by users does not apply. */
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
    const { store } = project
    const subject = subjectOf(ref, project.provider)
    const epochs = await store.revocations.readEpochs(subject, '')
    const { token, reset } = draftResetLink(ref, systemClock.now(), settings.passwordReset.lifetime)
    await store.passwordResets.insert(reset, { subject, epochs }, NO_LIMIT)
    const url = resetUrl(settings, ref.provider, token)
    if (json) return printJson({ url, expires_at: new Date(reset.expiresAt).toISOString() })
    print(`For ${displayNameOf(user)} only. Works once, until ${timestamp(reset.expiresAt)}:`, url)
  })
