import { ConfigError } from '../errors.ts'
import type { BaseUser } from './provider.ts'

/** With the name of a provider before it, a `sub` still fits into every database. */
const LONGEST = 200

/**
 * A person's id as text. Two people must not come to the same text: so no object is an id (`[object Object]`), and no
 * number that may have been rounded.
 *
 * @throws ConfigError where it is none
 */
export function idOf({ id }: BaseUser, provider: string): string {
  if (Number.isSafeInteger(id)) return String(id)
  if (typeof id === 'string' && isPlain(id)) return id
  const message = `must have ids that are whole numbers, or texts of 1 to ${LONGEST} characters`
  throw new ConfigError([{ path: provider, message }])
}

/** Neither half a character nor one of control, which some databases refuse and others cut off. */
const isPlain = (text: string): boolean =>
  text.trim() !== '' && text.length <= LONGEST && text.isWellFormed() && !/\p{Cc}/u.test(text)
