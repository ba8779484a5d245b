import { setImmediate } from 'node:timers'

/**
 * Calls back at the end of this turn of the event loop, when everything that has arrived was read. Bound when this file is
 * loaded: fake timers of a test must not stop a request.
 */
export const afterTurn = setImmediate

/** Resolves at the end of this turn of the event loop. */
export const endOfTurn = (): Promise<void> => new Promise((resolve) => void afterTurn(resolve))
