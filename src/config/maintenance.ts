import type { Validator } from '../lib/validator.ts'
import type { Config } from './config.ts'

/** What the server does by itself to keep its tables small. Times in milliseconds. */
export interface MaintenanceSettings {
  /** How long audit entries are kept; 0: none are written, and the purge deletes what there is. */
  readonly auditRetention: number
  /** How often the server purges; 0: never. */
  readonly purgeInterval: number
}

/** 10 days (ms). Timers count milliseconds in 31 bits, and jitter adds to it. */
const LONGEST_INTERVAL = 864_000_000

/** Checks how long audit entries are kept, and how often the server purges. */
export function resolveMaintenance(
  { audit = {}, purge = {} }: Pick<Config, 'audit' | 'purge'>,
  validator: Validator,
): MaintenanceSettings {
  const auditRetention = audit === 'off' ? 0 : validator.duration('audit.keep', audit.keep ?? '7d')
  const purgeInterval = purge === 'manual' ? 0 : validator.duration('purge.every', purge.every ?? '1h')
  if (purgeInterval > LONGEST_INTERVAL) validator.problem('purge.every', 'must be at most 10 days')
  return { auditRetention, purgeInterval }
}
