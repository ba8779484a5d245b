import { once } from 'node:events'
import { connect } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import type { TestServer } from '../support/server.ts'

/** Joins the lines of a request. */
export const lines = (...texts: readonly string[]): string => texts.join('\r\n')

/** Writes bytes to a new connection. Reads until the server closes it or sends nothing for a while. */
export async function talk({ origin }: Pick<TestServer, 'origin'>, text: string): Promise<string> {
  const socket = connect(Number(new URL(origin).port), '127.0.0.1')
  let answer = ''
  socket.setEncoding('latin1').on('data', (chunk: string) => {
    answer += chunk
  })
  socket.on('error', () => {})
  socket.end(Buffer.from(text, 'latin1'))
  await Promise.race([once(socket, 'close'), sleep(2_000)])
  socket.destroy()
  return answer
}

/** Returns the status codes of all responses on a connection. */
export const statusesIn = (answer: string): readonly number[] =>
  [...answer.matchAll(/HTTP\/1\.1 (\d{3}) /g)].map(([, status]) => Number(status))
