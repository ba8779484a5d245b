import crypto, { randomBytes, timingSafeEqual } from 'node:crypto'
import { availableParallelism } from 'node:os'
import { promisify } from 'node:util'
import { OAuthError } from '../errors.ts'

/** The maximum length of a password, in UTF-8 bytes. */
export const MAX_PASSWORD_BYTES = 1024

/** Verifies a hash from another system, such as `$2y$…`. Receives the password as entered. */
export type LegacyHashVerifier = (password: string, hash: string) => Promise<boolean>

/** The result of a password check. `needsRehash`: the hash should be replaced by one with today's parameters. */
export interface PasswordVerdict {
  readonly isCorrect: boolean
  readonly needsRehash: boolean
}

const ALGORITHM = 'argon2id'
const PARAMETERS = { memory: 19_456, passes: 2, parallelism: 1 } as const
const [SALT_BYTES, TAG_BYTES] = [16, 32]
const INCORRECT: PasswordVerdict = { isCorrect: false, needsRehash: false }

/** Checked if there is no user, so that it takes as long. */
const DUMMY_HASH: PasswordHash = {
  algorithm: ALGORITHM,
  ...PARAMETERS,
  salt: randomBytes(SALT_BYTES),
  tag: randomBytes(TAG_BYTES),
}

// One limit for the whole process, because it shares memory and threads: each hash takes 19 MiB, and one of libuv's four
// threads stays free for DNS and files. 64 more wait for about a second.
const limit = limitConcurrency({ concurrent: Math.min(availableParallelism(), 3), queued: 64 })

const compute = promisify(crypto.argon2)

/**
 * Hashes a password with Argon2id (19 MiB, two passes) off the main thread. Returns a PHC string.
 *
 * @throws OAuthError `invalid_request` if it is longer than 1024 bytes, `temporarily_unavailable` if too many wait
 */
export async function hashPassword(password: string): Promise<string> {
  const message = toBytes(password)
  if (!message) throw new OAuthError('invalid_request', 'The password is too long')
  const fields = { ...DUMMY_HASH, salt: randomBytes(SALT_BYTES) }
  return formatPasswordHash({ ...fields, tag: await derive(message, fields) })
}

/**
 * Checks a password against a hash. It takes as long if there is no hash, or if the hash is invalid. Hashes other than
 * Argon2 are passed to `verifyLegacyHash`.
 *
 * @throws OAuthError `temporarily_unavailable` if too many checks wait
 */
export async function verifyPassword(
  password: string,
  phc: string | undefined,
  verifyLegacyHash?: LegacyHashVerifier,
): Promise<PasswordVerdict> {
  const message = toBytes(password)
  if (!message) return INCORRECT
  const stored = parsePasswordHash(phc ?? '')
  if (phc && !stored && verifyLegacyHash) {
    // Only true counts: a library that returns an object must not accept every password.
    const isCorrect: unknown = await limit(() => verifyLegacyHash(password, phc))
    return isCorrect === true ? { isCorrect, needsRehash: true } : INCORRECT
  }
  const tag = await derive(message, stored ?? DUMMY_HASH)
  if (!stored || !timingSafeEqual(tag, stored.tag)) return INCORRECT
  return { isCorrect: true, needsRehash: isWeak(stored) }
}

/** Keyboards compose accents differently; NFC makes them equal (RFC 8265 section 4.2). Undefined if too long. */
function toBytes(password: string): Buffer | undefined {
  if (Buffer.byteLength(password) > MAX_PASSWORD_BYTES) return undefined
  const bytes = Buffer.from(password.normalize('NFC'))
  return bytes.length > MAX_PASSWORD_BYTES ? undefined : bytes
}

const derive = (message: Buffer, { algorithm, salt, tag, ...parameters }: PasswordHash): Promise<Buffer> =>
  limit(() => compute(algorithm, { message, nonce: salt, tagLength: tag.length, ...parameters }))

const isWeak = ({ algorithm, memory, passes, salt, tag }: PasswordHash): boolean =>
  algorithm !== ALGORITHM ||
  memory < PARAMETERS.memory ||
  passes < PARAMETERS.passes ||
  salt.length < SALT_BYTES ||
  tag.length < TAG_BYTES

/** The fields of a password hash. */
export interface PasswordHash {
  readonly algorithm: 'argon2id' | 'argon2i' | 'argon2d'
  /** KiB. */
  readonly memory: number
  readonly passes: number
  readonly parallelism: number
  readonly salt: Buffer
  readonly tag: Buffer
}

// The numbers of digits are limits too: a corrupt row must not make Argon2 take all memory.
const PHC =
  /^\$(argon2(?:id|i|d))\$v=19\$m=(\d{1,6}),t=(\d{1,2}),p=(\d{1,2})\$([A-Za-z0-9+/]{11,86})\$([A-Za-z0-9+/]{16,86})$/

/** Parses the PHC string of an Argon2 hash (RFC 9106). Returns undefined if it is invalid. */
export function parsePasswordHash(phc: string): PasswordHash | undefined {
  const [, algorithm, memory, passes, parallelism, salt = '', tag = ''] = PHC.exec(phc) ?? []
  const parameters = { memory: Number(memory), passes: Number(passes), parallelism: Number(parallelism) }
  if (!algorithm || !isComputable(parameters)) return undefined
  const bytes = { salt: Buffer.from(salt, 'base64'), tag: Buffer.from(tag, 'base64') }
  return { algorithm: algorithm as PasswordHash['algorithm'], ...parameters, ...bytes }
}

/** Formats a hash as a PHC string: `$argon2id$v=19$m=…,t=…,p=…$salt$hash`, base64 without padding. */
export const formatPasswordHash = ({
  algorithm,
  memory,
  passes,
  parallelism,
  salt,
  tag,
}: PasswordHash): string =>
  `$${algorithm}$v=19$m=${memory},t=${passes},p=${parallelism}$${base64(salt)}$${base64(tag)}`

/** The lower bounds of Argon2 (RFC 9106 section 3.1). */
const isComputable = ({
  memory,
  passes,
  parallelism,
}: Omit<PasswordHash, 'algorithm' | 'salt' | 'tag'>): boolean =>
  passes >= 1 && parallelism >= 1 && memory >= 8 * parallelism

const base64 = (bytes: Buffer): string => bytes.toString('base64').replace(/=+$/, '')

/** How many tasks run and wait. */
export interface ConcurrencyLimits {
  /** Tasks that run at the same time. */
  readonly concurrent: number
  /** Tasks that may wait. */
  readonly queued: number
}

/** Runs a task when it is its turn, first come, first served. */
export type ConcurrencyLimiter = <Result>(task: () => Promise<Result>) => Promise<Result>

/**
 * Limits how many expensive tasks run at the same time, and how many wait.
 *
 * @throws OAuthError `temporarily_unavailable` with `Retry-After: 1` if too many wait
 */
export function limitConcurrency({ concurrent, queued }: ConcurrencyLimits): ConcurrencyLimiter {
  let running = 0
  const queue: (() => void)[] = []
  const enter = (): Promise<void> | undefined => {
    if (running < concurrent) return void running++
    if (queue.length >= queued) throw tooBusy()
    return new Promise((resolve) => queue.push(resolve))
  }
  // A place goes straight to the next in the queue, and is never free in between, so no task can jump the queue.
  const leave = () => (queue.shift() ?? (() => running--))()
  return async (task) => {
    await enter()
    return task().finally(leave)
  }
}

const tooBusy = (): OAuthError =>
  new OAuthError('temporarily_unavailable', 'The server is busy. Try again in a moment.', {
    detail: 'too many password checks are waiting',
    headers: { 'Retry-After': '1' },
  })
