import { ConfigError } from './errors.ts'
import { EVENT_NAMES, type EventMap } from './event-map.ts'
import type { Logger } from './lib/log.ts'

/** Receives the payload of an event. If it throws or rejects, the error is logged and nothing else happens. */
export type Listener<Name extends keyof EventMap> = (payload: EventMap[Name]) => void | Promise<void>

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
}

type AnyListener = (payload: never) => void | Promise<void>

export function createEvents(logger: Logger): Events {
  const listenersByName = new Map<string, Set<AnyListener>>()
  const logFailure = (name: string, cause: unknown): void =>
    logger.log('error', 'Event listener failed', { event: name, cause: String(cause) })
  return {
    on(name, listener) {
      checkName(name)
      const listeners = listenersByName.get(name) ?? new Set()
      listenersByName.set(name, listeners.add(listener))
      return () => void listeners.delete(listener)
    },
    emit(name, payload) {
      for (const listener of listenersByName.get(name) ?? []) {
        try {
          Promise.resolve(listener(payload as never)).catch((cause: unknown) => logFailure(name, cause))
        } catch (cause) {
          logFailure(name, cause)
        }
      }
    },
  }
}

/** Rejects misspelled names: without a compiler, the listener would wait forever. */
function checkName(name: string): void {
  if (EVENT_NAMES.includes(name as keyof EventMap)) return
  const message = `unknown event ${JSON.stringify(name)}. Use one of: ${EVENT_NAMES.join(', ')}`
  throw new ConfigError([{ path: 'on', message }])
}
