import { argon2, randomBytes, timingSafeEqual } from 'node:crypto'
import { availableParallelism } from 'node:os'
import { promisify } from 'node:util'
import { OAuthError } from '../errors.ts'
import { createGate } from './gate.ts'
import { formatPasswordHash, parsePasswordHash, type PasswordHash } from './password-hash.ts'

/** The longest password, in UTF-8 bytes. */
export const MAX_PASSWORD_BYTES = 1024

/** Checks a hash that another system made, such as `$2y$…`; given the password as it was typed. */
export type ForeignVerifier = (password: string, hash: string) => Promise<boolean>

/** Whether a password was right, and whether its hash should be made anew with today's parameters. */
export interface Verdict {
  readonly isRight: boolean
  readonly needsRehash: boolean
}

const ALGORITHM = 'argon2id'
const PARAMETERS = { memory: 19_456, passes: 2, parallelism: 1 } as const
const [SALT_BYTES, TAG_BYTES] = [16, 32]
const WRONG: Verdict = { isRight: false, needsRehash: false }

/** What is checked where there is nobody, so that it takes as long. */
const NOBODY: PasswordHash = {
  algorithm: ALGORITHM,
  ...PARAMETERS,
  salt: randomBytes(SALT_BYTES),
  tag: randomBytes(TAG_BYTES),
}

// One for the process, since memory and threads are the process's: 19 MiB each, and one of libuv's four threads stays
// free for name look-ups and files. 64 more wait for a second or so.
const gate = createGate({ atOnce: Math.min(availableParallelism(), 3), waiting: 64 })

const compute = promisify(argon2)

/**
 * Hashes a password with Argon2id (19 MiB, two passes) off the main thread; gives a PHC string.
 *
 * Throws `invalid_request` where it is longer than 1024 bytes, `temporarily_unavailable` where too many wait.
 */
export async function hashPassword(password: string): Promise<string> {
  const message = bytesOf(password)
  if (!message) throw new OAuthError('invalid_request', 'The password is too long')
  const blank = { ...NOBODY, salt: randomBytes(SALT_BYTES) }
  return formatPasswordHash({ ...blank, tag: await derive(message, blank) })
}

/**
 * Whether a hash is that of a password. Takes as long where there is no hash, or one that cannot be read. Hashes that
 * are not Argon2 go to `verifyForeign`. Throws `temporarily_unavailable` where too many wait.
 */
export async function verifyPassword(
  password: string,
  phc: string | undefined,
  verifyForeign?: ForeignVerifier,
): Promise<Verdict> {
  const message = bytesOf(password)
  if (!message) return WRONG
  const stored = parsePasswordHash(phc ?? '')
  if (phc && !stored && verifyForeign) {
    // Only true is right: a library that answers with an object must not let everybody in.
    const verdict: unknown = await gate(() => verifyForeign(password, phc))
    return renewable(verdict === true)
  }
  const tag = await derive(message, stored ?? NOBODY)
  if (!stored || !timingSafeEqual(tag, stored.tag)) return WRONG
  return { isRight: true, needsRehash: isWeak(stored) }
}

const renewable = (isRight: boolean): Verdict => ({ isRight, needsRehash: isRight })

/** Keyboards differ in how they compose an accent; NFC makes them agree (RFC 8265 section 4.2). */
function bytesOf(password: string): Buffer | undefined {
  if (Buffer.byteLength(password) > MAX_PASSWORD_BYTES) return undefined
  const bytes = Buffer.from(password.normalize('NFC'))
  return bytes.length > MAX_PASSWORD_BYTES ? undefined : bytes
}

const derive = (message: Buffer, { algorithm, salt, tag, ...parameters }: PasswordHash): Promise<Buffer> =>
  gate(() => compute(algorithm, { message, nonce: salt, tagLength: tag.length, ...parameters }))

const isWeak = ({ algorithm, memory, passes, salt, tag }: PasswordHash): boolean =>
  algorithm !== ALGORITHM ||
  memory < PARAMETERS.memory ||
  passes < PARAMETERS.passes ||
  salt.length < SALT_BYTES ||
  tag.length < TAG_BYTES
