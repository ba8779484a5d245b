import type { ChildProcess } from 'node:child_process'

/** The end of an IPC channel to another process. */
type Channel = Pick<ChildProcess | NodeJS.Process, 'connected' | 'send'>

/**
 * Returns a function that sends messages which may be lost. If the other process does not read them, because it is busy or
 * suspended, they are dropped. Otherwise they would fill the memory of this one.
 */
export function createLossySender(channel: Channel): (message: object) => void {
  let isFull = false
  return (message) => {
    if (isFull || !channel.connected) return
    isFull = channel.send?.(message, undefined, undefined, () => (isFull = false)) === false
  }
}
