import { text } from 'node:stream/consumers'
import { systemClock } from '../lib/clock.ts'
import type { UserRecord } from '../store/users.ts'
import type { RevocationTarget } from '../store/revocations.ts'
import {
  createUser,
  isEmail,
  isName,
  MIN_PASSWORD_LENGTH,
  normalizeEmail,
  passwordProblem,
} from '../users/built-in.ts'
import { changePassword, type PasswordChange } from '../users/change-password.ts'
import { byCommandLine } from './activity.ts'
import { CommandError, UsageError } from './errors.ts'
import { confirmOrCancel, requireConfirmable, requireFlag, type InteractiveOptions } from './interactive.ts'
import { listAll } from './listing.ts'
import { dim, fields, print, printJson, relativeTime, table, timestamp } from './output.ts'
import { withProject, requireInstalled, userProviderOf, identify, type Project } from './project.ts'
import { findBuiltInUser } from './user-lookup.ts'

/** The sources of a password. */
interface PasswordFlags extends InteractiveOptions {
  readonly password?: string
  readonly passwordStdin?: boolean
}

/** The flags of `consulate user create`. */
export interface NewUser extends PasswordFlags {
  readonly email?: string
  readonly name?: string
}

/** The flags of `consulate user password`. */
export interface PasswordOptions extends PasswordFlags, PasswordChange {}

/** The flags of the other commands. */
export interface UserOptions {
  readonly json?: boolean
}

/** `consulate user create`: creates a built-in user. */
export async function createBuiltInUser(options: NewUser): Promise<void> {
  const { name } = options
  requireFlag(options.email, '--email', options)
  requirePassword(options)
  await withBuiltInUsers(async ({ store, activity }) => {
    const email = await readEmail(options)
    if (name !== undefined && !isName(name))
      throw new UsageError('--name: must have at most 255 characters, and no control characters')
    if (await store.users.findByEmail(normalizeEmail(email))) throw emailTaken(email)
    const password = await readPassword(options, 'Password')
    const user = await createUser(store, systemClock, {
      email,
      password,
      ...(name !== undefined && { name }),
    })
    if (!user) throw emailTaken(email)
    activity.record('user.created', { sub: user.id, detail: `created ${user.email}` })
    if (options.json) return printJson(user)
    print(`Created user ${user.email} (ID ${user.id}).`)
  })
}

/** `consulate user list`: lists all built-in users, disabled ones too. */
export const listUsers = ({ json = false }: UserOptions): Promise<void> =>
  withBuiltInUsers(async ({ store }) => {
    const users = await listAll((page) => store.users.list(page))
    if (json) return printJson(users.map(userJson))
    if (users.length === 0) return print('No users yet. Create one with `consulate user create`.')
    print(...userTable(users))
  })

/** `consulate user show`: shows a built-in user. */
export const showUser = (who: string, { json = false }: UserOptions): Promise<void> =>
  withBuiltInUsers(async (project) => {
    const user = await findBuiltInUser(project, who)
    if (json) return printJson(userJson(user))
    print(...userFields(user))
  })

/** `consulate user disable`: disables a user and signs them out everywhere. */
export async function disableUser(who: string, options: InteractiveOptions): Promise<void> {
  requireConfirmable(options)
  await withBuiltInUsers(async (project) => {
    const { id, email, disabledAt } = await findBuiltInUser(project, who)
    await confirmOrCancel(options, `Disable ${email} and sign them out everywhere?`)
    const now = systemClock.now()
    await project.store.users.update(id, { disabledAt: disabledAt ?? now })
    // Only after that: a sign-in that starts after the revocation finds the user disabled.
    await project.activity.revoker.revoke(
      { kind: 'user', ...identify(project, id) },
      byCommandLine('user_disabled'),
    )
    project.activity.record('user.disabled', { sub: id, detail: `disabled ${email}` })
    if (options.json) return printJson(userJson(await findBuiltInUser(project, id)))
    print(`Disabled ${email}. Their sessions and tokens stop working within 1 second.`)
  })
}

/** `consulate user enable`: lets a disabled user sign in again. Revoked sessions and tokens stay revoked. */
export const enableUser = (who: string, { json = false }: UserOptions): Promise<void> =>
  withBuiltInUsers(async (project) => {
    const { id, email } = await findBuiltInUser(project, who)
    await project.store.users.update(id, { disabledAt: null })
    project.activity.record('user.enabled', { sub: id, detail: `enabled ${email}` })
    if (json) return printJson(userJson(await findBuiltInUser(project, id)))
    print(`Enabled ${email}. They can sign in again.`)
  })

/** `consulate user password`: changes a password, and revokes what an attacker may have got with the old one. */
export async function setUserPassword(who: string, options: PasswordOptions): Promise<void> {
  requirePassword(options)
  await withBuiltInUsers(async (project) => {
    const { id, email } = await findBuiltInUser(project, who)
    const password = await readPassword(options, 'New password')
    const { user, subject } = identify(project, id)
    const users = userProviderOf(project)
    const payload = { requestId: null, sub: subject, by: 'command_line' } as const
    const revoke = (target: RevocationTarget) =>
      project.activity.revoker.revoke(target, byCommandLine('password_changed'), () => [
        ['password.changed', payload],
      ])
    await changePassword({ users, revoke, subjectOf: () => subject }, user, password, options)
    if (options.json) return printJson(userJson(await findBuiltInUser(project, id)))
    const tokens = options.revokeThirdParties ? 'tokens' : 'tokens, except those of third-party clients,'
    print(`Changed the password of ${email}. Their sessions and ${tokens} stop working within 1 second.`)
  })
}

/** Runs a command on the built-in users. Throws `CommandError` if the project has its own. */
const withBuiltInUsers = (work: (project: Project) => Promise<void>): Promise<void> =>
  withProject(async (project) => {
    if (!project.hasBuiltInUsers)
      throw new CommandError(
        `\`consulate user\` works with built-in users only. This project has its own (\`users\` in ${project.source}).`,
      )
    await requireInstalled(project)
    await work(project)
  })

const emailTaken = (email: string): CommandError =>
  new CommandError(`A user with the email ${email} already exists.`)

async function readEmail(options: NewUser): Promise<string> {
  const problemOf = (email: string): string | undefined =>
    isEmail(normalizeEmail(email)) ? undefined : 'must be an email address'
  if (options.email === undefined) {
    const { askText } = await import('./prompts.ts')
    return askText('Email', (answer) => toSentence(problemOf(answer)))
  }
  const problem = problemOf(options.email)
  if (problem !== undefined) throw new UsageError(`--email ${options.email}: ${problem}`)
  return options.email
}

const toSentence = (problem: string | undefined): string | undefined => problem && `It ${problem}.`

function requirePassword(options: PasswordFlags): void {
  const source = options.password ?? options.passwordStdin ?? (process.env['CONSULATE_PASSWORD'] || undefined)
  requireFlag(source, '--password-stdin', options)
}

/** Reads a password from its flag, standard input or the environment; otherwise asks for it. */
async function readPassword(options: PasswordFlags, question: string): Promise<string> {
  const given = await givenPassword(options)
  if (given === undefined) {
    const { askPassword } = await import('./prompts.ts')
    const rule = `at least ${MIN_PASSWORD_LENGTH} characters`
    return askPassword(`${question} (${rule})`, (answer) => toSentence(passwordProblem(answer)))
  }
  const problem = passwordProblem(given.password)
  if (problem !== undefined) throw new UsageError(`${given.source}: ${problem}`)
  return given.password
}

async function givenPassword(
  options: PasswordFlags,
): Promise<{ readonly source: string; readonly password: string } | undefined> {
  if (options.password !== undefined) return { source: '--password', password: options.password }
  if (options.passwordStdin) {
    // `echo` and editors end the line; that is not part of the password.
    return { source: '--password-stdin', password: (await text(process.stdin)).replace(/\r?\n$/, '') }
  }
  const password = process.env['CONSULATE_PASSWORD']
  return password ? { source: 'CONSULATE_PASSWORD', password } : undefined
}

const userJson = (user: UserRecord): Readonly<Record<string, unknown>> => ({
  id: user.id,
  email: user.email,
  name: user.name,
  created_at: new Date(user.createdAt).toISOString(),
  disabled_at: user.disabledAt && new Date(user.disabledAt).toISOString(),
})

const userFields = (user: UserRecord): readonly string[] =>
  fields([
    ['ID', user.id],
    ['Email', user.email],
    ['Name', user.name],
    ['Created', timestamp(user.createdAt)],
    ['Disabled', user.disabledAt === null ? '' : timestamp(user.disabledAt)],
  ])

function userTable(users: readonly UserRecord[]): readonly string[] {
  const rows = users.map((user) => [user.id, user.email, user.name, userStatus(user)])
  const style = (line: string, row: number): string => (users[row]?.disabledAt ? dim(line) : line)
  return table(['ID', 'Email', 'Name', 'Status'], rows, style)
}

const userStatus = ({ disabledAt }: UserRecord): string =>
  disabledAt === null ? 'active' : `disabled ${relativeTime(disabledAt)}`
