import { isEmail, isName, normalizeEmail } from '../../users/built-in.ts'
import type { ImportContext } from './context.ts'
import type { Row } from './rows.ts'
import { timeOf } from './values.ts'

/** A hash that this server has not made: the user has not signed in here yet. */
const LEGACY_HASH = /^\$2[aby]\$/

/**
 * Imports a row of Laravel's table of users as a built-in user, with its ID and password hash. Returns whether the user is
 * theirs, so that their tokens can be imported.
 */
export async function importUser(row: Row, context: ImportContext): Promise<boolean> {
  const { store, log, now, timeZone, isDryRun } = context
  const id = row['id'] ?? ''
  const email = normalizeEmail(row['email'] ?? '')
  const problem = problemOf(row, id, email)
  if (problem !== undefined) return skip(problem)
  const user = {
    id,
    email,
    name: row['name']?.trim() || email,
    passwordHash: row['password'] ?? '',
    createdAt: timeOf(row, 'created_at', timeZone) ?? now,
    disabledAt: null,
  }
  const existing = await store.users.find(id)
  if (existing && existing.email !== email) return skip('another user has this ID: it has another email')
  if (!existing && (await isTaken(email, context))) return skip('another user has this email')
  if (LEGACY_HASH.test((existing ?? user).passwordHash)) log.hasLegacyPasswords = true
  if (existing) {
    log.count('users', 'existing')
    if (!isDryRun) await renewPassword(existing.passwordHash, user.passwordHash, id, context)
    return true
  }
  if (!isDryRun && !(await store.users.insert(user))) return skip('another user has this email')
  context.emails.add(email)
  log.count('users', 'imported')
  return true

  function skip(reason: string): false {
    log.skip('users', reason, id)
    return false
  }
}

function problemOf(row: Row, id: string, email: string): string | undefined {
  if (row['deleted_at']) return 'it is deleted'
  if (id === '' || id.length > 255 || /\p{Cc}/u.test(id)) return 'its ID is missing or malformed'
  if (!isEmail(email)) return 'its email is missing or malformed'
  return isName(row['name'] ?? '') ? undefined : 'its name is too long or has control characters'
}

/** A dry run inserts nothing, so it must remember the emails that it would have inserted. */
const isTaken = async (email: string, { store, emails }: ImportContext): Promise<boolean> =>
  emails.has(email) || (await store.users.findByEmail(email)) !== undefined

/** The user changed the password in Laravel after an earlier run, and has not signed in here. */
async function renewPassword(
  current: string,
  next: string,
  id: string,
  { store }: ImportContext,
): Promise<void> {
  if (current !== next && LEGACY_HASH.test(current) && LEGACY_HASH.test(next))
    await store.users.replacePasswordHash(id, current, next)
}
