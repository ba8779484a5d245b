import { ConfigError } from './errors.ts'
import { EVENT_NAMES, type EventMap } from './event-map.ts'
import type { Logger } from './lib/log.ts'

/**
 * Receives the payload of an event. If it throws or rejects, the error is logged and nothing else happens. Nothing waits for
 * its promise, so it may take forever.
 */
export type Listener<Name extends keyof EventMap> = (payload: EventMap[Name]) => void | Promise<void>

/** The name of an event with its payload. */
export type Emission = {
  [Name in keyof EventMap]: readonly [name: Name, payload: EventMap[Name]]
}[keyof EventMap]

/** Keeps events in the store until webhooks have received them. */
export interface EventOutbox {
  /**
   * Calls `write`, which makes one call of a method of the store that writes, and returns its result. Keeps the events that
   * `emissionsOf` returns for the result of that method: in its transaction, so that both happen or neither. `emissionsOf`
   * may be called more than once, and the last call counts.
   */
  commit<Result>(
    write: () => Promise<Result>,
    emissionsOf: (result: Result) => readonly Emission[],
  ): Promise<Result>
  /** Keeps an event of something that is not stored. Never waits and never throws. */
  add(emission: Emission): void
}

/** The event emitter of one server. */
export interface Events {
  /**
   * Adds a listener. Returns a function that removes it.
   *
   * @throws ConfigError for an unknown event
   */
  on<Name extends keyof EventMap>(name: Name, listener: Listener<Name>): () => void
  /** Calls every listener and waits for none. Never throws. */
  emit<Name extends keyof EventMap>(name: Name, payload: EventMap[Name]): void
  /**
   * Calls `write`, which makes one call of a method of the store that writes, and then emits the events that `emissionsOf`
   * returns for the result of that method. Use it for whatever is stored: webhooks receive these events even if the process
   * is killed right after the write.
   */
  commit<Result>(
    write: () => Promise<Result>,
    emissionsOf: (result: Result) => readonly Emission[],
  ): Promise<Result>
}

type AnyListener = (payload: never) => void | Promise<void>

/** Milliseconds. Requests wait for a listener until it returns, though not for its promise. */
const MAX_DURATION = 100

/** Creates an event emitter. Without an outbox, events only reach the listeners. */
export function createEvents(logger: Logger, outbox?: EventOutbox): Events {
  const listenersByName = new Map<string, Set<AnyListener>>()
  const logFailure = (name: string, cause: unknown): void =>
    logger.log('error', 'Event listener failed', { event: name, cause: String(cause) })
  function call(listener: AnyListener, name: string, payload: unknown): void {
    try {
      Promise.resolve(listener(payload as never)).catch((cause: unknown) => logFailure(name, cause))
    } catch (cause) {
      logFailure(name, cause)
    }
  }
  function notify([name, payload]: Emission): void {
    const listeners = listenersByName.get(name)
    if (!listeners || listeners.size === 0) return
    const startedAt = performance.now()
    // A copy: a listener that adds another one would otherwise never let this end.
    for (const listener of Array.from(listeners)) call(listener, name, payload)
    const duration = performance.now() - startedAt
    if (duration > MAX_DURATION)
      logger.log('warn', 'Event listeners block the server', {
        event: name,
        milliseconds: Math.round(duration),
      })
  }
  return {
    on(name, listener) {
      checkName(name)
      const listeners = listenersByName.get(name) ?? new Set()
      listenersByName.set(name, listeners.add(listener))
      return () => void listeners.delete(listener)
    },
    emit(name, payload) {
      const emission = [name, payload] as unknown as Emission
      outbox?.add(emission)
      notify(emission)
    },
    async commit(write, emissionsOf) {
      if (!outbox) {
        const result = await write()
        for (const emission of emissionsOf(result)) notify(emission)
        return result
      }
      const result = await outbox.commit(write, emissionsOf)
      // An attempt that was repeated has another result than the transaction that came last.
      for (const emission of emissionsOf(result)) notify(emission)
      return result
    },
  }
}

/** Rejects misspelled names: without a compiler, the listener would wait forever. */
function checkName(name: string): void {
  if (EVENT_NAMES.includes(name as keyof EventMap)) return
  const message = `unknown event ${JSON.stringify(name)}. Use one of: ${EVENT_NAMES.join(', ')}`
  throw new ConfigError([{ path: 'on', message }])
}
