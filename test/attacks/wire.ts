import { once } from 'node:events'
import { connect } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import type { TestServer } from '../support/server.ts'

export const lines = (...texts: readonly string[]): string => texts.join('\r\n')

/** Sends text on a new connection. Returns what it receives until the server closes it, for at most 2 seconds. */
export async function sendRaw({ origin }: Pick<TestServer, 'origin'>, text: string): Promise<string> {
  const socket = connect(Number(new URL(origin).port), '127.0.0.1')
  let response = ''
  socket.setEncoding('latin1').on('data', (chunk: string) => {
    response += chunk
  })
  socket.on('error', () => {})
  socket.end(Buffer.from(text, 'latin1'))
  await Promise.race([once(socket, 'close'), sleep(2_000)])
  socket.destroy()
  return response
}

/** Returns the status codes of all responses on a connection. */
export const statusesIn = (response: string): readonly number[] =>
  [...response.matchAll(/HTTP\/1\.1 (\d{3}) /g)].map(([, status]) => Number(status))
