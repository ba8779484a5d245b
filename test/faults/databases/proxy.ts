import { createServer, connect, type AddressInfo, type Socket } from 'node:net'

/** A TCP proxy in front of a database or Redis, whose connections can be broken. */
export interface Proxy {
  readonly port: number
  /** How many answers the database has sent, delivered or not. */
  readonly answers: number
  /** Sends new connections to another port of this machine. */
  forwardTo(port: number): void
  /** Resets all connections. */
  cut(): void
  /**
   * Resets a connection in place of this share of the answers (0 to 1). The statement has run by then, so its sender cannot
   * know what became of it.
   */
  loseAnswers(share: number): void
  /** Delays each answer (ms). */
  delayAnswers(delay: number): void
  close(): Promise<void>
}

/** Starts a proxy on a free port. */
export async function startProxy(initialPort: number): Promise<Proxy> {
  const connections = new Set<Connection>()
  let [target, lostShare, delay, answers] = [initialPort, 0, 0, 0]
  const faults: Faults = {
    onAnswer: () => (answers += 1),
    isLost: () => Math.random() < lostShare,
    delay: () => delay,
  }
  const server = createServer((client) => {
    const connection = forward(client, target, faults, () => connections.delete(connection))
    connections.add(connection)
  })
  const cut = (): void => {
    for (const { reset } of connections) reset()
  }
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    port: (server.address() as AddressInfo).port,
    get answers() {
      return answers
    },
    forwardTo(port) {
      target = port
    },
    cut,
    loseAnswers(share) {
      lostShare = share
    },
    delayAnswers(milliseconds) {
      delay = milliseconds
    },
    async close() {
      const closed = new Promise((resolve) => server.close(resolve))
      cut()
      await closed
    },
  }
}

interface Faults {
  onAnswer(): void
  isLost(): boolean
  delay(): number
}

interface Connection {
  reset(): void
}

function forward(client: Socket, port: number, faults: Faults, onEnd: () => void): Connection {
  const database = connect(port, '127.0.0.1')
  for (const socket of [client, database]) socket.setNoDelay(true)
  const reset = (): void => {
    client.resetAndDestroy()
    database.resetAndDestroy()
  }
  client.on('data', (chunk) => database.write(chunk))
  database.on('data', (chunk) => {
    faults.onAnswer()
    if (faults.isLost()) return reset()
    const delay = faults.delay()
    // Timers of the same delay fire in order. One that ended meanwhile only makes the stream shorter.
    if (delay > 0) setTimeout(() => client.write(chunk), delay)
    else client.write(chunk)
  })
  for (const [socket, other] of [
    [client, database],
    [database, client],
  ] as const) {
    socket.on('error', () => other.resetAndDestroy())
    socket.on('end', () => other.end())
    socket.on('close', () => {
      other.destroy()
      onEnd()
    })
  }
  return { reset }
}
