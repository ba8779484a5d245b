import crypto, { randomBytes, timingSafeEqual } from 'node:crypto'
import { availableParallelism } from 'node:os'
import { promisify } from 'node:util'
import { OAuthError } from '../errors.ts'

/** The longest password, in UTF-8 bytes. */
export const MAX_PASSWORD_BYTES = 1024

/** Checks a hash that another system made, such as `$2y$…`; given the password as it was typed. */
export type LegacyHashVerifier = (password: string, hash: string) => Promise<boolean>

/** Whether a password was right, and whether its hash should be made anew with today's parameters. */
export interface PasswordVerdict {
  readonly isCorrect: boolean
  readonly needsRehash: boolean
}

const ALGORITHM = 'argon2id'
const PARAMETERS = { memory: 19_456, passes: 2, parallelism: 1 } as const
const [SALT_BYTES, TAG_BYTES] = [16, 32]
const WRONG: PasswordVerdict = { isCorrect: false, needsRehash: false }

/** What is checked where there is nobody, so that it takes as long. */
const NOBODY: PasswordHash = {
  algorithm: ALGORITHM,
  ...PARAMETERS,
  salt: randomBytes(SALT_BYTES),
  tag: randomBytes(TAG_BYTES),
}

// One for the process, since memory and threads are the process's: 19 MiB each, and one of libuv's four threads stays
// free for name look-ups and files. 64 more wait for a second or so.
const gate = limitConcurrency({ concurrent: Math.min(availableParallelism(), 3), queued: 64 })

const compute = promisify(crypto.argon2)

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
  verifyForeign?: LegacyHashVerifier,
): Promise<PasswordVerdict> {
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
  return { isCorrect: true, needsRehash: isWeak(stored) }
}

const renewable = (isCorrect: boolean): PasswordVerdict => ({ isCorrect, needsRehash: isCorrect })

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

/** A password hash taken apart. */
export interface PasswordHash {
  readonly algorithm: 'argon2id' | 'argon2i' | 'argon2d'
  /** KiB. */
  readonly memory: number
  readonly passes: number
  readonly parallelism: number
  readonly salt: Buffer
  readonly tag: Buffer
}

// The counts of digits are limits too: a damaged row must not ask for all the memory there is.
const SHAPE =
  /^\$(argon2(?:id|i|d))\$v=19\$m=(\d{1,6}),t=(\d{1,2}),p=(\d{1,2})\$([A-Za-z0-9+/]{11,86})\$([A-Za-z0-9+/]{16,86})$/

/** Reads the PHC string of an Argon2 hash (RFC 9106), or gives undefined where it is none. */
export function parsePasswordHash(phc: string): PasswordHash | undefined {
  const [, algorithm, memory, passes, parallelism, salt = '', tag = ''] = SHAPE.exec(phc) ?? []
  const parameters = { memory: Number(memory), passes: Number(passes), parallelism: Number(parallelism) }
  if (!algorithm || !isComputable(parameters)) return undefined
  const bytes = { salt: Buffer.from(salt, 'base64'), tag: Buffer.from(tag, 'base64') }
  return { algorithm: algorithm as PasswordHash['algorithm'], ...parameters, ...bytes }
}

/** Writes a hash as a PHC string: `$argon2id$v=19$m=…,t=…,p=…$salt$hash`, base64 without padding. */
export const formatPasswordHash = ({
  algorithm,
  memory,
  passes,
  parallelism,
  salt,
  tag,
}: PasswordHash): string =>
  `$${algorithm}$v=19$m=${memory},t=${passes},p=${parallelism}$${base64(salt)}$${base64(tag)}`

/** Argon2's own lower bounds (RFC 9106 section 3.1). */
const isComputable = ({
  memory,
  passes,
  parallelism,
}: Omit<PasswordHash, 'algorithm' | 'salt' | 'tag'>): boolean =>
  passes >= 1 && parallelism >= 1 && memory >= 8 * parallelism

const base64 = (bytes: Buffer): string => bytes.toString('base64').replace(/=+$/, '')

/** How much work a gate lets through. */
export interface ConcurrencyLimits {
  /** Pieces of work that run at once. */
  readonly concurrent: number
  /** Pieces of work that may wait for their turn. */
  readonly queued: number
}

/** Runs the work when its turn comes, first come, first served. */
export type ConcurrencyLimiter = <Result>(work: () => Promise<Result>) => Promise<Result>

/**
 * Bounds how much expensive work runs at once, and how much of it waits.
 *
 * Work beyond that is refused at once with `temporarily_unavailable` and `Retry-After: 1`.
 */
export function limitConcurrency({ concurrent, queued }: ConcurrencyLimits): ConcurrencyLimiter {
  let running = 0
  const queue: (() => void)[] = []
  const enter = (): Promise<void> | undefined => {
    if (running < concurrent) return void running++
    if (queue.length >= queued) throw tooBusy()
    return new Promise((resolve) => queue.push(resolve))
  }
  // A place that somebody waits for is handed over, never free in between: nobody can jump the queue.
  const leave = () => (queue.shift() ?? (() => running--))()
  return async (work) => {
    await enter()
    return work().finally(leave)
  }
}

const tooBusy = (): OAuthError =>
  new OAuthError('temporarily_unavailable', 'The server is busy; try again shortly', {
    detail: 'too many password checks are waiting',
    headers: { 'Retry-After': '1' },
  })
