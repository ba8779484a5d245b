/** A client of the `redis` package, version 5 or later. Only its options are used: for connections of our own. */
export interface RedisClient {
  readonly options?: { readonly socket?: object } | undefined
  readonly isReady: boolean
  duplicate(overrides?: object): RedisClient
  connect(): Promise<unknown>
  sendCommand(command: string[]): Promise<unknown>
  subscribe(channel: string, listener: (message: string) => void): Promise<unknown>
  on(event: 'error', listener: (error: Error) => void): unknown
  unref(): void
  destroy(): void
}

/** A connection to Redis that does not reconnect. */
export interface RedisLink {
  /** Sends commands in one go. Returns their replies, in order. Rejects if the connection fails or stalls for 5 seconds. */
  send(commands: readonly (readonly string[])[]): Promise<readonly Reply[]>
  subscribe(channel: string, listener: (message: string) => void): Promise<void>
  /** Rejects when the connection fails. */
  readonly failure: Promise<never>
  close(): void
}

/** What Redis answered to one command: a value or an error. */
export interface Reply {
  readonly value?: unknown
  readonly error?: Error
}

/** How long Redis may take to connect or to answer (ms). */
const TIMEOUT = 5_000

/** Opens a connection. Rejects if that takes more than 5 seconds, or the credentials are wrong. */
export async function openLink(source: string | RedisClient): Promise<RedisLink> {
  const client = await createOwnClient(source)
  const failure = new Promise<never>((_, reject) => void client.on('error', reject))
  // Without this, a failure while nothing waits for it would be an unhandled rejection.
  failure.catch(() => {})
  client.unref()
  const guarded = <Value>(work: Promise<Value>): Promise<Value> => withTimeout(Promise.race([work, failure]))
  const close = (): void => destroy(client)
  try {
    await guarded(client.connect())
  } catch (error) {
    close()
    throw error
  }
  return {
    failure,
    close,
    async send(commands) {
      const replies = await guarded(Promise.all(commands.map((command) => replyTo(client, command))))
      const broken = replies.find(({ error }) => error && (!client.isReady || isReadOnly(error)))
      if (broken?.error) throw broken.error
      return replies
    },
    async subscribe(channel, listener) {
      await guarded(client.subscribe(channel, listener))
    },
  }
}

const replyTo = (client: RedisClient, command: readonly string[]): Promise<Reply> =>
  client.sendCommand([...command]).then(
    (value) => ({ value }),
    (error: unknown) => ({ error: error instanceof Error ? error : new Error(String(error)) }),
  )

/** After a failover, only a new connection finds the new primary. */
const isReadOnly = ({ message }: Error): boolean => message.startsWith('READONLY')

/**
 * Creates a client with the options of the given one, or for a URL. It never reconnects, and rejects commands while it is
 * disconnected: the connection above it decides what to repeat.
 */
async function createOwnClient(source: string | RedisClient): Promise<RedisClient> {
  const given = typeof source === 'string' ? await createFromUrl(source) : source
  const socket = { ...given.options?.socket, reconnectStrategy: false, connectTimeout: TIMEOUT }
  return given.duplicate({ ...OVERRIDES, socket })
}

const OVERRIDES = {
  RESP: 2,
  disableOfflineQueue: true,
  disableClientInfo: true,
  maintNotifications: 'disabled',
  clientSideCache: undefined,
  emitInvalidate: false,
  commandOptions: {},
}

/** Imported only if a URL is given: with a client of your own, the package may be installed elsewhere. */
async function createFromUrl(url: string): Promise<RedisClient> {
  const { createClient } = await import('redis')
  return createClient({ url })
}

function destroy(client: RedisClient): void {
  try {
    client.destroy()
  } catch {
    // It was closed already.
  }
}

async function withTimeout<Value>(work: Promise<Value>): Promise<Value> {
  let timer: NodeJS.Timeout | undefined
  const timeout = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error('Redis did not respond within 5 seconds')), TIMEOUT).unref()
  })
  return Promise.race([work, timeout]).finally(() => clearTimeout(timer))
}
