import { setTimeout as sleep } from 'node:timers/promises'

/**
 * Starts an action `perSecond` times a second for `duration` ms, whether or not the earlier ones have finished. Returns
 * one latency per action (ms). It counts from the planned start, so a server that stalls cannot hide it. Rejects if an
 * action does.
 */
export async function pace(
  perSecond: number,
  duration: number,
  act: () => Promise<unknown>,
): Promise<readonly number[]> {
  const latencies: number[] = []
  const failure = Promise.withResolvers<never>()
  const pending: Promise<void>[] = []
  const start = performance.now()
  const run = async (planned: number): Promise<void> => {
    await act()
    latencies.push(performance.now() - planned)
  }
  const count = Math.floor((perSecond * duration) / 1000)
  for (let index = 0; index < count; index += 1) {
    const planned = start + (index * 1000) / perSecond
    await Promise.race([sleep(Math.max(0, planned - performance.now())), failure.promise])
    pending.push(run(planned).catch(failure.reject))
  }
  await Promise.race([Promise.all(pending), failure.promise])
  return latencies
}
