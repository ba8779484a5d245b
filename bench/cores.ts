import { spawnSync } from 'node:child_process'
import { availableParallelism } from 'node:os'

/** The cores of the measured target and of the load generator. */
export const [SERVER_CORE, LOAD_CORE] = ['0', '1']

/** Returns whether processes can be pinned to separate cores. Needs two cores and `taskset` (util-linux). */
export function canPin(): boolean {
  const hasTwoCores = availableParallelism() >= 2
  return hasTwoCores && spawnSync('taskset', ['-c', `${SERVER_CORE},${LOAD_CORE}`, 'true']).status === 0
}

/** Pins every thread of this process to a core. */
export function pinThisProcess(core: string): void {
  const { status } = spawnSync('taskset', ['-a', '-c', '-p', core, String(process.pid)])
  if (status !== 0) throw new Error(`taskset could not move the load to core ${core}`)
}
