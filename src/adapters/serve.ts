import type { RequestListener, Server } from 'node:http'
import { ConfigError, StoreUnavailableError } from '../errors.ts'
import { listen, ListenError, type Address, type HttpServer } from '../lib/http-server.ts'
import { exitWithin, stopSignal, STOP_LIMIT } from '../lib/stop.ts'
import type { AuthorizationServer } from '../server.ts'

/** Where `serve` listens, and what it closes. */
export interface ServeOptions extends Address {
  /** Closes what belongs to your app. Called after the last response. */
  readonly close?: () => unknown
}

/** The part of a server that `serve` needs. */
type Stoppable = Pick<AuthorizationServer, 'ready' | 'drain' | 'close'>

/**
 * Starts the server and listens with your app, as `consulate serve` does without one. Resolves when it accepts requests. If
 * it cannot start, because the port is in use or the database cannot be reached, it prints why in a sentence and the process
 * exits with 1.
 *
 * After SIGINT or SIGTERM, it finishes open requests within 10 seconds, calls `close`, closes the server, and the process
 * exits with 0. `app` is a request listener, or a server of `node:http` that does not listen yet.
 */
export async function serve(
  server: Stoppable,
  app: RequestListener | Server,
  options: ServeOptions,
): Promise<void> {
  const stopped = stopSignal()
  // Also a start that hangs must end.
  void stopped.then(() => exitWithin(STOP_LIMIT))
  const http = await start(server, app, options)
  void stopped.then(() => stop(server, http, options))
}

async function start(
  server: Stoppable,
  app: RequestListener | Server,
  { port, host }: Address,
): Promise<HttpServer> {
  try {
    await server.ready()
    return await listen(app, { port, host })
  } catch (error) {
    exitWithin(STOP_LIMIT)
    await server.close()
    if (!isExpected(error)) throw error
    process.stderr.write(`${sentenceOf(error)}\n`)
    process.exit(1)
  }
}

async function stop(server: Stoppable, http: HttpServer, { close }: ServeOptions): Promise<void> {
  server.drain()
  await http.close()
  try {
    await close?.()
  } finally {
    await server.close()
  }
  process.exit()
}

/** Errors that need no stack. */
const isExpected = (error: unknown): error is Error =>
  error instanceof ListenError || error instanceof ConfigError || error instanceof StoreUnavailableError

function sentenceOf(error: Error): string {
  if (error instanceof ListenError) return `${error.message} Choose another ${error.wrong}.`
  return error.cause instanceof Error ? `${error.message}: ${error.cause.message}` : error.message
}
