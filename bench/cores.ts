import { spawnSync } from 'node:child_process'
import { availableParallelism } from 'node:os'

/** The core of the target under measurement, and the core of the load. */
export const [SERVER_CORE, LOAD_CORE] = ['0', '1']

/** Whether processes can be kept on a core of their own: needs two cores and `taskset` (util-linux). */
export function canPin(): boolean {
  const hasTwoCores = availableParallelism() >= 2
  return hasTwoCores && spawnSync('taskset', ['-c', `${SERVER_CORE},${LOAD_CORE}`, 'true']).status === 0
}

/** Moves every thread of this process to a core. */
export function pinThisProcess(core: string): void {
  const { status } = spawnSync('taskset', ['-a', '-c', '-p', core, String(process.pid)])
  if (status !== 0) throw new Error(`taskset could not move the load to core ${core}`)
}
