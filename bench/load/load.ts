import { type Connection, openConnection } from './connection.ts'
import type { Feed } from './feed.ts'
import { statusOf } from './wire.ts'

/** One latency per response (ms), and the time from the first request to the last response (ms). */
export interface Volley {
  readonly latencies: readonly number[]
  readonly duration: number
}

/** Open connections to one server. */
export interface Load {
  /**
   * Keeps every connection busy for `duration` ms, or until the feed ends. Waits for pending requests and counts them.
   * Rejects at the first response with an unexpected status.
   */
  fire(feed: Feed, duration: number): Promise<Volley>
  close(): void
}

/** Opens `count` keep-alive connections to a port of 127.0.0.1. */
export async function openLoad(port: number, count: number): Promise<Load> {
  const connections = await Promise.all(Array.from({ length: count }, () => openConnection(port)))
  return {
    async fire(feed, duration) {
      const latencies: number[] = []
      const start = performance.now()
      const end = start + duration
      await Promise.all(
        connections.map((connection, index) => keepBusy(connection, index, feed, end, latencies)),
      )
      return { latencies, duration: performance.now() - start }
    },
    close: () => connections.forEach((connection) => connection.close()),
  }
}

async function keepBusy(connection: Connection, index: number, feed: Feed, end: number, latencies: number[]) {
  let answer: string | undefined
  for (let now = performance.now(); now < end;) {
    const shot = feed(index, answer)
    if (shot === undefined) return
    answer = await connection.exchange(shot.wire)
    if (statusOf(answer) !== shot.expects) throw new Error(`expected status ${shot.expects}:\n${answer}`)
    const answeredAt = performance.now()
    latencies.push(answeredAt - now)
    now = answeredAt
  }
}
