import type { PreparedRequest } from '../target.ts'
import { refreshTokenOf, toWire } from './wire.ts'

/** A raw request and its expected status. */
export interface Shot {
  readonly wire: string
  readonly expects: number
}

/** Returns the next request of a connection, given its last response. Undefined ends the connection's round. */
export type Feed = (connection: number, lastAnswer: string | undefined) => Shot | undefined

/** Repeats the requests in turn. */
export function cycle(requests: readonly PreparedRequest[]): Feed {
  const shots = requests.map(toShot)
  let sent = 0
  return () => shots[sent++ % shots.length]
}

/** Sends each request once. The round ends when none is left. */
export function once(requests: readonly PreparedRequest[]): Feed {
  const shots = requests.map(toShot)
  let sent = 0
  return () => shots[sent++]
}

/** Gives each connection its own request, and puts the refresh token of each response into the next one. */
export function chain(requests: readonly PreparedRequest[]): Feed {
  return (connection, lastAnswer) => {
    const request = requests[connection]
    if (request === undefined || lastAnswer === undefined) return request && toShot(request)
    const token = refreshTokenOf(lastAnswer)
    if (token === undefined) throw new Error('a response had no refresh token')
    return toShot({ ...request, body: withRefreshToken(request.body ?? '', token) })
  }
}

const toShot = (request: PreparedRequest): Shot => ({
  wire: toWire(request),
  expects: request.expects ?? 200,
})

const withRefreshToken = (form: string, token: string): string =>
  form.replace(/(?<=^|&)refresh_token=[^&]*/, `refresh_token=${encodeURIComponent(token)}`)
