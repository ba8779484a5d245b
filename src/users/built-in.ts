import { OAuthError } from '../errors.ts'
import type { Clock } from '../lib/clock.ts'
import { randomId } from '../lib/hash.ts'
import type { Store } from '../store/contract.ts'
import type { UserRecord, UserStore } from '../store/users.ts'
import { hashPassword, MAX_PASSWORD_BYTES, verifyPassword, type LegacyHashVerifier } from './password-hash.ts'
import type { BaseUser, UserProviderFactory } from './provider.ts'

/** The minimum length of a new password, in characters (NIST SP 800-63B section 5.1.1.1). */
export const MIN_PASSWORD_LENGTH = 8

/** A user in the server's own store. */
export interface BuiltInUser extends BaseUser {
  readonly id: string
  /** Normalized: lowercase, NFC. */
  readonly email: string
  readonly name: string
}

/** A built-in user to create. */
export interface NewUser {
  readonly email: string
  /** Default: the email. */
  readonly name?: string
  readonly password: string
}

/** The options of `builtInUsers`. */
export interface BuiltInUsersOptions {
  /**
   * Verifies password hashes from another system, such as `(password, hash) => bcrypt.compare(password, hash)`. The next
   * sign-in replaces the hash with an Argon2 one. Without this option, only Argon2 hashes are accepted.
   */
  readonly verifyLegacyHash?: LegacyHashVerifier
}

/** Users in the server's own store, who sign in with an email address and a password. */
export function builtInUsers({
  verifyLegacyHash,
}: BuiltInUsersOptions = {}): UserProviderFactory<BuiltInUser> {
  const factory: UserProviderFactory<BuiltInUser> = ({ store: { users } }) => ({
    signInWith: 'email',
    find: async (id) => ifEnabled(await users.find(id)),
    findByUsername: async (username) => ifEnabled(await findByEmail(users, username)),
    verifyPassword: (user, password) => checkPassword(users, user, password, verifyLegacyHash),
    setPassword: (id, password) => replacePassword(users, id, password),
  })
  factories.add(factory)
  if (!verifyLegacyHash) withoutLegacyHashes.add(factory)
  return factory
}

const factories = new WeakSet<object>()

/** Returns whether these are built-in users as they are, so that `find` is a look-up in `store.users`. */
export const areBuiltInUsers = (users: object): boolean => factories.has(users)

const withoutLegacyHashes = new WeakSet<object>()

/** Returns whether these are built-in users whose hashes of other systems are not accepted. */
export const rejectsLegacyHashes = (users: object): boolean => withoutLegacyHashes.has(users)

/**
 * Creates a user. Returns undefined if the email is taken.
 *
 * @throws OAuthError `invalid_request` if the email is invalid, if the name has more than 255 characters or a control
 *   character, or if the password has fewer than 8 characters or more than 1024 bytes
 */
export async function createUser(
  store: Store,
  clock: Clock,
  input: NewUser,
  hash: (password: string) => Promise<string> = hashNewPassword,
): Promise<BuiltInUser | undefined> {
  const email = normalizeEmail(input.email)
  if (!isEmail(email)) throw new OAuthError('invalid_request', 'The email address is invalid')
  const name = input.name?.trim() || email
  if (!isName(name))
    throw new OAuthError('invalid_request', 'The name is too long or contains control characters')
  const user = { id: randomId(), email, name }
  const passwordHash = await hash(input.password)
  const isNew = await store.users.insert({ ...user, passwordHash, createdAt: clock.now(), disabledAt: null })
  return isNew ? user : undefined
}

/** Names are shown on pages, in logs and on terminals. */
export const isName = (name: string): boolean => name.length <= 255 && !/\p{Cc}/u.test(name)

async function findByEmail(users: UserStore, username: string): Promise<UserRecord | undefined> {
  const email = normalizeEmail(username)
  return isEmail(email) ? users.findByEmail(email) : undefined
}

async function checkPassword(
  users: UserStore,
  user: BuiltInUser | undefined,
  password: string,
  verifyLegacyHash: LegacyHashVerifier | undefined,
): Promise<boolean> {
  // Unknown and disabled users are looked up and checked too: the response time must not tell who has an account.
  const row = await users.find(user?.id ?? '')
  const verdict = await verifyPassword(password, ifEnabled(row) && row?.passwordHash, verifyLegacyHash)
  if (!row || !verdict.isCorrect) return false
  if (verdict.needsRehash) await renewHash(users, row, password)
  return true
}

async function renewHash(
  users: UserStore,
  { id, passwordHash }: UserRecord,
  password: string,
): Promise<void> {
  // Conditional, so that a password that was changed in the meantime stays changed.
  await users.replacePasswordHash(id, passwordHash, await hashPassword(password))
}

async function replacePassword(users: UserStore, id: string, password: string): Promise<void> {
  const exists = await users.update(id, { passwordHash: await hashNewPassword(password) })
  if (!exists)
    throw new OAuthError('invalid_request', 'The user does not exist', {
      status: 404,
      detail: `no user ${id}`,
    })
}

async function hashNewPassword(password: string): Promise<string> {
  const problem = passwordProblem(password)
  if (problem !== undefined) throw new OAuthError('invalid_request', `The password ${problem}`)
  return hashPassword(password)
}

/** Returns why a text cannot be a new password, or undefined if it can. */
export function passwordProblem(password: string): string | undefined {
  const text = password.normalize('NFC')
  if (Array.from(text).length < MIN_PASSWORD_LENGTH)
    return `must have at least ${MIN_PASSWORD_LENGTH} characters`
  const bytes = Math.max(Buffer.byteLength(password), Buffer.byteLength(text))
  return bytes > MAX_PASSWORD_BYTES ? `must have at most ${MAX_PASSWORD_BYTES} bytes` : undefined
}

const ifEnabled = (row: UserRecord | undefined): BuiltInUser | undefined =>
  row?.disabledAt === null ? { id: row.id, email: row.email, name: row.name } : undefined

/** RFC 5321 section 4.5.3.1.3, without the angle brackets. */
const MAX_EMAIL_BYTES = 254

const EMAIL = /^[^\s@\p{Cc}\p{Cf}\p{Cs}]+@[^\s@\p{Cc}\p{Cf}\p{Cs}]+$/u

/** Returns the one spelling of an email address: trimmed, lowercase, Unicode NFC. */
export const normalizeEmail = (text: string): string => text.trim().toLowerCase().normalize('NFC')

export const isEmail = (text: string): boolean =>
  Buffer.byteLength(text) <= MAX_EMAIL_BYTES && EMAIL.test(text)
