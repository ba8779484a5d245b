import type { Socket } from 'node:net'

/** A kind of database server. */
export type ServerKind = 'postgres' | 'mysql'

const NAMES: Readonly<Record<ServerKind, string>> = { postgres: 'PostgreSQL', mysql: 'MySQL or MariaDB' }

/** Something else answers where the database should be. Waiting would not help. */
export class WrongServerError extends Error {
  override readonly name = 'WrongServerError'
  readonly code = 'WRONG_SERVER'

  constructor(address: string, expected: ServerKind, found: ServerKind | 'http' | undefined) {
    super(
      found === undefined
        ? `${address} is not a ${NAMES[expected]} server`
        : found === 'http'
          ? `${address} is a web server, not a ${NAMES[expected]} server`
          : `${address} is a ${NAMES[found]} server, whose URL starts with ${found}://`,
    )
  }
}

/** A MySQL server speaks first: a packet with the number 0, and in it the version of the protocol (10) or an error (255). */
const isMysqlGreeting = (bytes: Buffer): boolean => bytes[3] === 0 && (bytes[4] === 10 || bytes[4] === 255)

/** A PostgreSQL server answers a startup message with `R`, `E`, `N` or `v`, and a request for TLS with `S`, `N` or `E`. */
const isPostgresAnswer = (bytes: Buffer): boolean => /^[RENSv]/.test(bytes.toString('latin1', 0, 1))

function identify(bytes: Buffer): ServerKind | 'http' | undefined {
  if (isMysqlGreeting(bytes)) return 'mysql'
  if (bytes.toString('latin1', 0, 5) === 'HTTP/') return 'http'
  return isPostgresAnswer(bytes) ? 'postgres' : undefined
}

/**
 * Checks the first bytes that a server sends, and closes the connection if they are not of the expected kind. Drivers only
 * wait until their time is up: each kind of server waits for something that the other one never sends.
 */
export function expectServer(
  socket: Socket,
  expected: ServerKind,
  address: string,
  onChecked: (error?: WrongServerError) => void,
): void {
  socket.once('data', (bytes) => {
    const found = identify(bytes)
    if (found === expected) return onChecked()
    const error = new WrongServerError(address, expected, found)
    onChecked(error)
    socket.destroy(error)
  })
}

/** Asks PostgreSQL for TLS. A web server answers that the request is malformed. */
export const QUESTION = Buffer.from([0, 0, 0, 8, 4, 210, 22, 47])
