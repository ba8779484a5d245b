import type { ChildProcess } from 'node:child_process'
import { eventually } from './cluster.ts'

/** Milliseconds. On an idle machine, every server is ready within three seconds. */
const DEADLINE = 100_000

/** Waits until a server that was just started is ready. Kills it and throws if that takes too long, or if it exits first. */
export async function waitUntilReady(
  name: string,
  child: ChildProcess,
  isReady: () => Promise<boolean>,
): Promise<void> {
  const hasExited = (): boolean => child.exitCode !== null || child.signalCode !== null
  const isOver = await eventually(async () => hasExited() || isReady(), DEADLINE)
  if (hasExited()) throw new Error(`${name} exited with ${child.exitCode ?? child.signalCode}`)
  if (isOver) return
  child.kill('SIGKILL')
  throw new Error(`${name} does not respond`)
}
