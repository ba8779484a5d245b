import { subjectOf, type UserRef } from '../model/subject.ts'
import type { UserRecord } from '../store/contract.ts'
import { normalizeEmail } from '../users/built-in.ts'
import { displayNameOf } from '../users/provider.ts'
import { CommandError } from './errors.ts'
import { userProviderOf, type Project } from './project.ts'

/** The built-in person with this id or email, disabled or not. Throws `CommandError` where there is none. */
export async function findBuiltInUser({ store: { users } }: Project, who: string): Promise<UserRecord> {
  const user = (await users.find(who)) ?? (await users.findByEmail(normalizeEmail(who)))
  if (!user) throw new CommandError(`there is no person ${who}`)
  return user
}

/**
 * Whom a `--user` names: an id or a user name, after the provider and a colon where that is not the first one, as in a
 * `sub`. People of your own who cannot be found may be gone and have sessions still, so the text is taken for their id.
 */
export async function resolveUser(project: Project, text: string): Promise<UserRef> {
  const named = project.providers.find((name) => text.startsWith(`${name}:`))
  const provider = named ?? project.provider
  const who = named === undefined ? text : text.slice(named.length + 1)
  if (project.hasBuiltInUsers && provider === project.provider) {
    return { provider, userId: (await findBuiltInUser(project, who)).id }
  }
  const users = userProviderOf(project, provider)
  const user = (await users.find(who)) ?? (await users.findByUsername(who))
  return { provider, userId: String(user?.id ?? who) }
}

/** Tells what to call people in a list: the email where it is known, else the `sub`. Each is looked up once. */
export function createUserNames(project: Project): (user: UserRef) => Promise<string> {
  const names = new Map<string, Promise<string>>()
  return (user) => {
    const subject = subjectOf(user, project.provider)
    const name = names.get(subject) ?? displayName(project, user, subject)
    names.set(subject, name)
    return name
  }
}

async function displayName(project: Project, user: UserRef, subject: string): Promise<string> {
  const { provider, userId } = user
  if (!project.providers.includes(provider)) return subject
  const isOurs = project.hasBuiltInUsers && provider === project.provider
  const found = await (isOurs ? project.store.users : userProviderOf(project, provider)).find(userId)
  return found ? displayNameOf(found) : subject
}
