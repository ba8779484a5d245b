import { openConnection, type Connection } from './connection.ts'
import type { Shot } from './feed.ts'
import { statusOf } from './wire.ts'

/** Open connections to one server, for requests that depend on each other. */
export interface Pool {
  /** Sends a request on the next free connection. Rejects if the response has an unexpected status. */
  send(shot: Shot): Promise<string>
  /** Sends a request, whatever the status of its response. */
  exchange(wire: string): Promise<string>
  close(): void
}

/** Opens `count` keep-alive connections to a port of 127.0.0.1. They take turns, so that none is idle for long. */
export async function openPool(port: number, count: number): Promise<Pool> {
  const connections = await Promise.all(Array.from({ length: count }, () => openConnection(port)))
  const free = [...connections]
  const waiting: ((connection: Connection) => void)[] = []

  const take = async (): Promise<Connection> =>
    free.shift() ?? new Promise((resolve) => waiting.push(resolve))
  const giveBack = (connection: Connection): void => {
    const next = waiting.shift()
    if (next) next(connection)
    else free.push(connection)
  }
  async function exchange(wire: string): Promise<string> {
    const connection = await take()
    try {
      return await connection.exchange(wire)
    } finally {
      giveBack(connection)
    }
  }

  return {
    exchange,
    async send({ wire, expects }) {
      const answer = await exchange(wire)
      if (statusOf(answer) !== expects) throw new Error(`expected status ${expects}:\n${answer}`)
      return answer
    },
    close: () => connections.forEach((connection) => connection.close()),
  }
}
