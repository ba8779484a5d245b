import { performance } from 'node:perf_hooks'

const { eventLoopUtilization } = performance

/** Measures the share of time, from 0 to 1, in which the event loop was busy since the last call. */
export function measureLoad(): () => number {
  let last = eventLoopUtilization()
  return () => {
    const now = eventLoopUtilization()
    const { utilization } = eventLoopUtilization(now, last)
    last = now
    return utilization
  }
}
