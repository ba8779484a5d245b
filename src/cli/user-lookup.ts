import { subjectOf, type UserRef } from '../model/subject.ts'
import type { UserRecord } from '../store/users.ts'
import { normalizeEmail } from '../users/built-in.ts'
import { displayNameOf } from '../users/provider.ts'
import { CommandError } from './errors.ts'
import { userProviderOf, type Project } from './project.ts'

/** Returns the built-in user with an id or email, disabled or not. Throws `CommandError` if there is none. */
export async function findBuiltInUser({ store: { users } }: Project, who: string): Promise<UserRecord> {
  const user = (await users.find(who)) ?? (await users.findByEmail(normalizeEmail(who)))
  if (!user) throw new CommandError(`No user with the ID or email "${who}".`)
  return user
}

/**
 * Returns the user that a flag names by id or user name, with a prefix `provider:` for users of another provider than the
 * default. If your own provider does not know the user, the text is taken as the id: deleted users may still have sessions.
 */
export async function resolveUser(project: Project, text: string): Promise<UserRef> {
  const { provider, who, userId } = await lookUp(project, text)
  return { provider, userId: userId ?? who }
}

/** The same, but throws `CommandError` if the user is unknown. */
export async function requireUser(project: Project, text: string): Promise<UserRef> {
  const { provider, who, userId } = await lookUp(project, text)
  if (userId === undefined) throw new CommandError(`No user with the ID or user name "${who}".`)
  return { provider, userId }
}

async function lookUp(project: Project, text: string) {
  const named = project.providers.find((name) => text.startsWith(`${name}:`))
  const provider = named ?? project.provider
  const who = named === undefined ? text : text.slice(named.length + 1)
  if (hasRecords(project, provider))
    return { provider, who, userId: (await findBuiltInUser(project, who)).id }
  const users = userProviderOf(project, provider)
  const user = (await users.find(who)) ?? (await users.findByUsername?.(who))
  return { provider, who, userId: user && String(user.id) }
}

/** Creates a function that returns the display name of a user, or the `sub` if unknown. Looks up each user once. */
export function createUserNames(project: Project): (user: UserRef) => Promise<string> {
  const names = new Map<string, Promise<string>>()
  return (user) => {
    const subject = subjectOf(user, project.provider)
    const name = names.get(subject) ?? findName(project, user, subject)
    names.set(subject, name)
    return name
  }
}

async function findName(project: Project, { provider, userId }: UserRef, subject: string): Promise<string> {
  if (!project.providers.includes(provider)) return subject
  // Disabled users have a record, but their provider does not return them.
  const users = hasRecords(project, provider) ? project.store.users : userProviderOf(project, provider)
  const user = await users.find(userId)
  return user ? displayNameOf(user) : subject
}

const hasRecords = (project: Project, provider: string): boolean =>
  project.hasBuiltInUsers && provider === project.provider
