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
