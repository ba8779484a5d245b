import { OAuthError } from '../errors.ts'
import type { Clock } from '../lib/clock.ts'
import { randomId } from '../lib/hash.ts'
import type { Store, UserRecord, UserStore } from '../store/contract.ts'
import { hashPassword, verifyPassword, type LegacyHashVerifier } from './password-hash.ts'
import type { BaseUser, UserProviderFactory } from './provider.ts'

/** The least length of a new password, in characters (NIST SP 800-63B section 5.1.1.1). */
export const MIN_PASSWORD_LENGTH = 8

/** A person kept in the server's own store. */
export interface BuiltInUser extends BaseUser {
  readonly id: string
  /** Normalized: lower case, NFC. */
  readonly email: string
  readonly name: string
}

/** What a new person is made of. */
export interface NewUser {
  readonly email: string
  /** The email where left out. */
  readonly name?: string
  readonly password: string
}

/** How the built-in people are checked. */
export interface BuiltInUsersOptions {
  /**
   * Checks hashes that another system made, until the person's next sign-in replaces them by ours:
   * `(password, hash) => bcrypt.verify(password, hash)`. Without it only Argon2 hashes are read.
   */
  readonly verifyLegacyHash?: LegacyHashVerifier
}

/** People in the server's own store, who sign in with their email address and a password. */
export const builtInUsers =
  ({ verifyLegacyHash }: BuiltInUsersOptions = {}): UserProviderFactory<BuiltInUser> =>
  ({ store: { users } }) => ({
    find: async (id) => enabled(await users.find(id)),
    findByUsername: async (username) => enabled(await findByEmail(users, username)),
    verifyPassword: (user, password) => checkPassword(users, user, password, verifyLegacyHash),
    setPassword: (id, password) => replacePassword(users, id, password),
  })

/**
 * Adds a person, or gives undefined where the email is taken. Throws `invalid_request` for what is no email address, for
 * a name of more than 255 characters or with control characters, and for a password of fewer than 8 characters or more
 * than 1024 bytes.
 */
export async function createUser(
  store: Store,
  clock: Clock,
  input: NewUser,
): Promise<BuiltInUser | undefined> {
  const email = normalizeEmail(input.email)
  if (!isEmail(email)) throw new OAuthError('invalid_request', 'The email address is not valid')
  const name = input.name?.trim() || email
  if (!isName(name))
    throw new OAuthError('invalid_request', 'The name is too long, or holds control characters')
  const user = { id: randomId(), email, name }
  const passwordHash = await hashNewPassword(input.password)
  const isNew = await store.users.insert({ ...user, passwordHash, createdAt: clock.now(), disabledAt: null })
  return isNew ? user : undefined
}

/** Names stand on pages, in logs and on terminals. */
const isName = (name: string): boolean => name.length <= 255 && !/\p{Cc}/u.test(name)

async function findByEmail(users: UserStore, username: string): Promise<UserRecord | undefined> {
  const email = normalizeEmail(username)
  return isEmail(email) ? users.findByEmail(email) : undefined
}

async function checkPassword(
  users: UserStore,
  user: BuiltInUser | undefined,
  password: string,
  verifyForeign: LegacyHashVerifier | undefined,
): Promise<boolean> {
  // Looked up and checked for unknown and disabled people too: the time of the answer must not tell who has an account.
  const row = await users.find(user?.id ?? '')
  const verdict = await verifyPassword(password, enabled(row) && row?.passwordHash, verifyForeign)
  if (!row || !verdict.isCorrect) return false
  if (verdict.needsRehash) await renewHash(users, row, password)
  return true
}

async function renewHash(
  users: UserStore,
  { id, passwordHash: old }: UserRecord,
  password: string,
): Promise<void> {
  // A password that was changed meanwhile stays changed.
  await users.replacePasswordHash(id, old, await hashPassword(password))
}

async function replacePassword(users: UserStore, id: string, password: string): Promise<void> {
  const isKnown = await users.update(id, { passwordHash: await hashNewPassword(password) })
  if (!isKnown)
    throw new OAuthError('invalid_request', 'There is no such person', {
      status: 404,
      detail: `no user ${id}`,
    })
}

async function hashNewPassword(password: string): Promise<string> {
  if (Array.from(password.normalize('NFC')).length < MIN_PASSWORD_LENGTH)
    throw new OAuthError('invalid_request', `A password needs at least ${MIN_PASSWORD_LENGTH} characters`)
  return hashPassword(password)
}

const enabled = (row: UserRecord | undefined): BuiltInUser | undefined =>
  row?.disabledAt === null ? { id: row.id, email: row.email, name: row.name } : undefined

/** The longest email address, in bytes (RFC 5321 section 4.5.3.1.3, less the angle brackets). */
const MAX_BYTES = 254

const SHAPE = /^[^\s@\p{Cc}\p{Cf}\p{Cs}]+@[^\s@\p{Cc}\p{Cf}\p{Cs}]+$/u

/** One spelling for each email address: trimmed, lower case, Unicode NFC. */
export const normalizeEmail = (text: string): string => text.trim().toLowerCase().normalize('NFC')

/** Whether a normalized text can be an email address: something on both sides of one `@`, at most 254 bytes. */
export const isEmail = (text: string): boolean => Buffer.byteLength(text) <= MAX_BYTES && SHAPE.test(text)
