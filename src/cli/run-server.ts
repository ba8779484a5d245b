import type { RequestListener } from 'node:http'
import { setTimeout as sleep } from 'node:timers/promises'
import { StoreUnavailableError } from '../errors.ts'
import { listen, ListenError, type Address } from '../lib/http-server.ts'
import { exitWithin, stopSignal, STOP_LIMIT } from '../lib/stop.ts'
import { iconFor } from '../pages/icon.ts'
import type { AuthorizationServer } from '../server.ts'
import { CommandError } from './errors.ts'
import { print } from './output.ts'

/** A server to run. */
export interface ServerRun {
  readonly server: Pick<AuthorizationServer, 'ready' | 'drain' | 'close' | 'core'>
  readonly listener: RequestListener
  readonly address: Address
  /** Whether to listen while the database cannot be reached. An embedded one does not come back by itself. */
  readonly waitsForDatabase?: boolean
  /** Called when the server accepts requests. `outage` is why the database cannot be used yet. */
  readonly announce?: (outage: string | undefined) => void | Promise<void>
  /** Resolves when the server must stop, with the time (ms) to keep accepting requests while it is not ready. */
  readonly stopped: Promise<number>
}

/** Runs a server until it is stopped. Then finishes open requests and closes the database. */
export async function runServer(run: ServerRun): Promise<void> {
  const { server, listener, address, announce, stopped } = run
  const closing = new AbortController()
  try {
    const { outage, failure } = await start(run, closing.signal)
    const listening = await listen(withIcon(listener), address).catch(fail)
    try {
      await announce?.(outage)
      const drainTime = await Promise.race([stopped, failure])
      server.drain()
      await listening.drain(drainTime)
    } finally {
      await listening.close()
    }
  } finally {
    closing.abort()
    await server.close()
  }
}

/** Returns a line for the announcement of a server that waits for its database. */
export const waitNotice = (outage: string | undefined): string =>
  outage === undefined ? '' : `\nRequests get 503 until the database can be used: ${outage}`

/** Returns only the reason: callers say that the database cannot be used. */
export const outageOf = ({ message, cause }: StoreUnavailableError): string =>
  cause instanceof Error ? cause.message : message

/** How often (ms) a server that cannot reach its database tries to start. */
const START_INTERVAL = 1_000

/** How a server has started. */
interface Start {
  /** Why it waits for the database. Undefined if it does not. */
  readonly outage: string | undefined
  /** Rejects if the server turns out to be unable to start. */
  readonly failure: Promise<never>
}

/**
 * Starts the server. If the database cannot be reached, tries again in the background: until then, requests get 503. Fails if
 * waiting would not help, such as with a wrong password.
 */
async function start({ server, waitsForDatabase = false }: ServerRun, closing: AbortSignal): Promise<Start> {
  try {
    await server.ready()
    return { outage: undefined, failure: new Promise(() => {}) }
  } catch (error) {
    if (!waitsForDatabase || !isOutage(error)) throw error
    const outage = outageOf(error)
    server.core.logger.log('error', 'Waiting for the database', { cause: outage })
    const failure = retryStart(server, outage, closing)
    // Rejects when the server is closed, and nothing waits for it then.
    failure.catch(() => {})
    return { outage, failure }
  }
}

/** Returns whether the database may come back by itself. */
export const isOutage = (error: unknown): error is StoreUnavailableError =>
  error instanceof StoreUnavailableError && !error.isMisconfigured

/** Logs each new reason once: a host that is not found, and then a server that still starts. */
async function retryStart(
  { ready, core }: ServerRun['server'],
  outage: string,
  closing: AbortSignal,
): Promise<never> {
  for (let cause = outage; ;) {
    await sleep(START_INTERVAL, undefined, { signal: closing })
    try {
      await ready()
      core.logger.log('info', 'The database is reachable')
      return await new Promise(() => {})
    } catch (error) {
      if (!isOutage(error)) throw error
      if (outageOf(error) !== cause)
        core.logger.log('error', 'Waiting for the database', { cause: outageOf(error) })
      cause = outageOf(error)
    }
  }
}

/** Runs a server until SIGINT or SIGTERM. `drainTime` (ms) is for SIGTERM only: Ctrl-C must not take long. */
export async function runUntilSignal({
  drainTime = 0,
  ...run
}: Omit<ServerRun, 'stopped'> & { readonly drainTime?: number }): Promise<void> {
  const stopped = stopSignal().then((signal) => {
    const time = signal === 'SIGTERM' ? drainTime : 0
    exitWithin(time + STOP_LIMIT)
    return time
  })
  await runServer({ ...run, stopped })
  print('Stopped.')
}

/** Names the flag that helps. */
function fail(error: unknown): never {
  if (!(error instanceof ListenError)) throw error
  const flag = { port: '--port 3001', host: '--host 127.0.0.1' }[error.wrong]
  throw new CommandError(`${error.message} Choose another one, such as ${flag}.`)
}

const ICON_HEADERS = {
  'Content-Type': 'image/svg+xml',
  'Content-Security-Policy': "default-src 'none'",
  'X-Content-Type-Options': 'nosniff',
  'Cache-Control': 'public, max-age=86400',
} as const

/** Answers `/favicon.ico`, which browsers request by themselves for JSON responses and other resources without a page. */
const withIcon =
  (otherwise: RequestListener): RequestListener =>
  (request, response) =>
    request.url === '/favicon.ico' && request.method === 'GET'
      ? response.writeHead(200, ICON_HEADERS).end(iconFor())
      : otherwise(request, response)
