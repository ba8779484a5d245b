import { once } from 'node:events'
import { connect, createServer, type AddressInfo } from 'node:net'
import { onTestFinished } from 'vitest'

/** A database server behind a proxy that counts. */
export interface RoundTripCounter {
  /** The URL of the database at the proxy. */
  readonly url: string
  /** Counts the round trips of an action: how often a client sends something after the server has sent something. */
  during(action: () => Promise<unknown>): Promise<number>
}

/** Puts a proxy in front of a database until the test ends. */
export async function countRoundTrips(url: string): Promise<RoundTripCounter> {
  const target = new URL(url)
  let count = 0
  const proxy = createServer({ noDelay: true }, (client) => {
    const server = connect({ host: target.hostname, port: Number(target.port), noDelay: true })
    let isAnswered = true
    client.on('data', () => {
      if (isAnswered) count += 1
      isAnswered = false
    })
    server.on('data', () => (isAnswered = true))
    client.pipe(server).pipe(client)
    for (const [one, other] of [
      [client, server],
      [server, client],
    ] as const)
      one.on('error', () => other.destroy())
  })
  await once(proxy.listen(0, '127.0.0.1'), 'listening')
  onTestFinished(() => void proxy.close())
  const { port } = proxy.address() as AddressInfo
  const counted = new URL(url)
  counted.hostname = '127.0.0.1'
  counted.port = String(port)
  return {
    url: counted.href,
    async during(action) {
      count = 0
      await action()
      return count
    },
  }
}
