import type { PreparedRequest } from '../target.ts'
import { refreshTokenOf, toWire } from './wire.ts'

/** A request as it goes over the wire, and the status of the right answer to it. */
export interface Shot {
  readonly wire: string
  readonly expects: number
}

/** The next request of a connection, given the last answer to it; undefined ends the connection's round. */
export type Feed = (connection: number, lastAnswer: string | undefined) => Shot | undefined

/** Sends the requests in turn, over and over. */
export function cycle(requests: readonly PreparedRequest[]): Feed {
  const shots = requests.map(toShot)
  let sent = 0
  return () => shots[sent++ % shots.length]
}

/** Sends each request once; the round ends when none is left. */
export function once(requests: readonly PreparedRequest[]): Feed {
  const shots = requests.map(toShot)
  let sent = 0
  return () => shots[sent++]
}

/** Gives each connection a request of its own, whose form from then on holds the refresh token of the last answer. */
export function chain(requests: readonly PreparedRequest[]): Feed {
  return (connection, lastAnswer) => {
    const request = requests[connection]
    if (request === undefined || lastAnswer === undefined) return request && toShot(request)
    const token = refreshTokenOf(lastAnswer)
    if (token === undefined) throw new Error('an answer had no refresh token')
    return toShot({ ...request, body: withRefreshToken(request.body ?? '', token) })
  }
}

const toShot = (request: PreparedRequest): Shot => ({
  wire: toWire(request),
  expects: request.expects ?? 200,
})

const withRefreshToken = (form: string, token: string): string =>
  form.replace(/(?<=^|&)refresh_token=[^&]*/, `refresh_token=${encodeURIComponent(token)}`)
