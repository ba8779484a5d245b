import { systemClock } from '../lib/clock.ts'
import type { RevocationTarget } from '../store/revocations.ts'
import { createUser } from '../users/built-in.ts'
import { changePassword, type PasswordChange } from '../users/change-password.ts'
import { CommandError } from './errors.ts'
import { listAll } from './listing.ts'
import { print, printJson } from './output.ts'
import { askOr, readPassword, type PasswordOptions } from './password.ts'
import { findBuiltInUser } from './user-lookup.ts'
import { userJson, userLines, userTable } from './user-view.ts'
import { withProject, requireInstalled, userProviderOf, identify, type Project } from './project.ts'

/** The flags of `consulate user create`. */
export interface NewUser extends PasswordOptions {
  readonly email?: string
  readonly name?: string
}

/** The flags of the commands that look at people or switch them on and off. */
export interface UserOptions {
  readonly json?: boolean
}

/** `consulate user create`: adds a person to those that the server itself keeps. */
export async function createBuiltInUser(options: NewUser): Promise<void> {
  const email = options.email ?? (await askOr(options, '--email', (asking) => asking.askText('Email')))
  const password = await readPassword(options)
  await withBuiltInUsers(async ({ store }) => {
    const input = { email, password, ...(options.name !== undefined && { name: options.name }) }
    const user = await createUser(store, systemClock, input)
    if (!user) throw new CommandError(`somebody has the email ${email} already`)
    if (options.json) return printJson(user)
    print(`${user.email} can sign in now. Their id is ${user.id}.`)
  })
}

/** `consulate user list`: everybody, disabled people too. */
export const listUsers = ({ json = false }: UserOptions): Promise<void> =>
  withBuiltInUsers(async ({ store }) => {
    const people = await listAll((page) => store.users.list(page))
    if (json) return printJson(people.map(userJson))
    if (people.length === 0) return print('There is nobody. `consulate user create` adds a person.')
    print(...userTable(people))
  })

/** `consulate user show`: one person. */
export const showUser = (who: string, { json = false }: UserOptions): Promise<void> =>
  withBuiltInUsers(async (project) => {
    const user = await findBuiltInUser(project, who)
    if (json) return printJson(userJson(user))
    print(...userLines(user))
  })

/** `consulate user disable`: no sign-in and no refresh any more, and all that there is ends, on every running node. */
export const disableUser = (who: string, { json = false }: UserOptions): Promise<void> =>
  withBuiltInUsers(async (project) => {
    const { id, disabledAt } = await findBuiltInUser(project, who)
    const now = systemClock.now()
    await project.store.users.update(id, { disabledAt: disabledAt ?? now })
    // Only now: a sign-in that comes after this has found them disabled.
    await project.store.revocations.revoke({ kind: 'user', ...identify(project, id) }, now)
    const user = await findBuiltInUser(project, id)
    if (json) return printJson(userJson(user))
    print(`${user.email} is disabled. What they had ends within the time that servers poll in: a second.`)
  })

/** `consulate user enable`: they may sign in again. What was ended stays ended. */
export const enableUser = (who: string, { json = false }: UserOptions): Promise<void> =>
  withBuiltInUsers(async (project) => {
    const { id } = await findBuiltInUser(project, who)
    await project.store.users.update(id, { disabledAt: null })
    const user = await findBuiltInUser(project, id)
    if (json) return printJson(userJson(user))
    print(`${user.email} can sign in.`)
  })

/** `consulate user password`: another password, and an end to what whoever knew the old one may have begun. */
export async function setUserPassword(who: string, options: PasswordOptions & PasswordChange): Promise<void> {
  const password = await readPassword(options, 'New password')
  await withBuiltInUsers(async (project) => {
    const { id, email } = await findBuiltInUser(project, who)
    const { user, subject } = identify(project, id)
    const users = userProviderOf(project)
    const revoke = (order: RevocationTarget) => project.store.revocations.revoke(order, systemClock.now())
    await changePassword({ users, revoke, subjectOf: () => subject }, user, password, options)
    if (options.json) return printJson(userJson(await findBuiltInUser(project, id)))
    const rest = options.revokeThirdParties ? 'everything else' : 'every app but those of third parties'
    print(`The password of ${email} is changed. Their sessions and ${rest} end within a second.`)
  })
}

/** Works on the people that the server itself keeps. Throws `CommandError` where it keeps none. */
const withBuiltInUsers = (work: (project: Project) => Promise<void>): Promise<void> =>
  withProject(async (project) => {
    if (!project.hasBuiltInUsers) throw new CommandError(`${project.source} keeps its people elsewhere`)
    await requireInstalled(project)
    await work(project)
  })
