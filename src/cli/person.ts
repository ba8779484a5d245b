import { subjectOf, type UserRef } from '../model/subject.ts'
import type { StoredUser } from '../store/contract.ts'
import { normalizeEmail } from '../users/email.ts'
import { displayNameOf } from '../users/provider.ts'
import { CommandError } from './failure.ts'
import { providerAt, type Workplace } from './workplace.ts'

/** The built-in person with this id or email, disabled or not. Throws `CommandError` where there is none. */
export async function findPerson({ store: { users } }: Workplace, who: string): Promise<StoredUser> {
  const user = (await users.find(who)) ?? (await users.findByEmail(normalizeEmail(who)))
  if (!user) throw new CommandError(`there is no person ${who}`)
  return user
}

/**
 * Whom a `--user` names: an id or a user name. People of your own who cannot be found may be gone and have sessions
 * still, so the text is taken for their id.
 */
export async function refOf(place: Workplace, who: string): Promise<UserRef> {
  const { provider } = place
  if (place.keepsPeople) return { provider, userId: (await findPerson(place, who)).id }
  const users = providerAt(place)
  const user = (await users.find(who)) ?? (await users.findByUsername(who))
  return { provider, userId: String(user?.id ?? who) }
}

/** Tells what to call people in a list: the email where it is known, else the `sub`. Each is looked up once. */
export function createNames(place: Workplace): (user: UserRef) => Promise<string> {
  const names = new Map<string, Promise<string>>()
  return (user) => {
    const subject = subjectOf(user, place.provider)
    const name = names.get(subject) ?? lookUp(place, user, subject)
    names.set(subject, name)
    return name
  }
}

async function lookUp(place: Workplace, user: UserRef, subject: string): Promise<string> {
  if (user.provider !== place.provider) return subject
  const found = place.keepsPeople
    ? await place.store.users.find(user.userId)
    : await providerAt(place).find(user.userId)
  return found ? displayNameOf(found) : subject
}
