import '../lib/node-version.ts'
import { ConfigError } from '../errors.ts'
import type { Logger } from '../lib/log.ts'
import { isInstalled, notInstalled } from '../lib/optional-package.ts'
import { createOutageLog } from '../lib/outage-log.ts'
import type {
  Broadcast,
  BroadcastConnection,
  BroadcastListener,
  BroadcastOptions,
  BroadcastSource,
} from './broadcast.ts'
import { openLink, type RedisClient, type RedisLink } from './redis/client.ts'
import { stayConnected, type Traffic } from './redis/connection.ts'
import { createRevocationCopy } from './redis/copy.ts'
import { createKeyNames } from './redis/keys.ts'
import { createOutbox } from './redis/outbox.ts'

export type { RedisClient } from './redis/client.ts'

/** Options of `redis`. */
export interface RedisOptions {
  /** Comes before the names of keys and of the channel. Give each issuer that shares a database its own. Default `''`. */
  readonly keyPrefix?: string
}

/**
 * Messages through Redis or Valkey: for `broadcast` in the configuration of a server, and in `revocations` of a guard. A guard
 * needs no permission but `SUBSCRIBE` and `PING`.
 */
export interface RedisBroadcast extends Broadcast, BroadcastSource {}

/**
 * Carries messages between nodes through Redis or Valkey, and keeps a copy of the revocations there for readers in other
 * languages. Takes a URL, `redis://user:password@host:6379/0` or `rediss://…` for TLS, or a client of the `redis` package,
 * whose options it uses for two connections of its own. Install `redis` (5 or later) yourself.
 *
 * Nothing waits for Redis. While it is unreachable, nodes learn of revocations by polling the store, and readers must reject
 * what they cannot check.
 *
 * @throws ConfigError if the URL or the prefix is invalid, or the package is not installed
 */
export function redis(source: string | RedisClient, { keyPrefix = '' }: RedisOptions = {}): RedisBroadcast {
  checkSource(source, keyPrefix)
  const channelOf = (issuer: string): string => `${keyPrefix}consulate:${issuer}`
  const open = (): Promise<RedisLink> => openLink(source)
  return {
    open: (options) => openConnection(open, channelOf(options.issuer), keyPrefix, options),
    listen: ({ issuer, logger }, deliver) =>
      connectInBackground(open, { channel: channelOf(issuer), deliver }, logger),
  }
}

/** Connects, and connects again after each failure, until it is closed. */
function connectInBackground(
  open: () => Promise<RedisLink>,
  traffic: Traffic,
  logger: Logger,
): BroadcastListener {
  const outageLog = createOutageLog(logger, REACHABLE)
  const controller = new AbortController()
  let hasConnected = false
  const onConnected = (): void => void (hasConnected = true)
  void stayConnected(open, { ...traffic, onConnected }, outageLog, controller.signal)
  return {
    get problem() {
      return outageLog.cause ?? (hasConnected ? undefined : 'not connected yet')
    },
    close: () => controller.abort(),
  }
}

function openConnection(
  open: () => Promise<RedisLink>,
  channel: string,
  keyPrefix: string,
  { issuer, revocations, clock, logger }: BroadcastOptions,
): BroadcastConnection {
  const listeners: ((message: string) => void)[] = []
  const copyLog = createOutageLog(logger, COPIED)
  const messageLog = createOutageLog(logger, CARRIED)
  const names = createKeyNames(keyPrefix)
  const copy = createRevocationCopy({ names, issuer, revocations, now: clock.now, outageLog: copyLog })
  const outbox = createOutbox(channel, copy, messageLog)
  const deliver = (message: string): void => {
    for (const listener of listeners) listener(message)
  }
  const connection = connectInBackground(open, { channel, deliver, outbox }, logger)
  return {
    publish: outbox.publish,
    record: outbox.record,
    subscribe: (listener) => void listeners.push(listener),
    get problem() {
      return connection.problem ?? messageLog.cause ?? copyLog.cause
    },
    async close() {
      if (connection.problem === undefined) await outbox.flush()
      connection.close()
    },
  }
}

const REACHABLE = { failed: 'Redis is unreachable', recovered: 'Redis is reachable again' }
const CARRIED = { failed: 'Redis refuses messages', recovered: 'Redis accepts messages again' }
const COPIED = { failed: 'Cannot copy revocations to Redis', recovered: 'Copied all revocations to Redis' }

/** The message never contains the URL, because that may contain a password. */
function checkSource(source: unknown, keyPrefix: unknown): void {
  const isUrl = typeof source === 'string' && /^(rediss?|unix):\/\//.test(source) && URL.canParse(source)
  const isClient = typeof source === 'object' && source !== null && 'duplicate' in source
  const problems = [
    ...(isUrl || isClient ? [] : [{ path: 'redis', message: INVALID_SOURCE }]),
    // Otherwise, each attempt to connect would fail, and the server would poll.
    ...(isUrl && !isInstalled('redis') ? [{ path: 'redis', message: notInstalled('redis') }] : []),
    ...(typeof keyPrefix === 'string' ? [] : [{ path: 'redis.keyPrefix', message: 'must be a string' }]),
  ]
  if (problems.length > 0) throw new ConfigError(problems)
}

const INVALID_SOURCE = "needs a URL such as 'redis://localhost:6379', or a client of the redis package"
