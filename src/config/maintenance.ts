import type { Validator } from '../lib/validator.ts'
import { resolveAudit, type AuditSettings } from './audit.ts'
import type { Config } from './config.ts'
import { resolveWebhookRetention, type WebhookRetention } from './webhooks.ts'

/** How the server keeps its tables small. Times in milliseconds. */
export interface MaintenanceSettings extends AuditSettings {
  readonly webhookRetention: WebhookRetention
  /** How often the server purges. 0: never. */
  readonly purgeInterval: number
}

/** 10 days: with jitter, still below the 2^31 ms limit of timers. */
const MAX_INTERVAL = 864_000_000

export function resolveMaintenance(
  { audit = {}, purge = {}, webhooks }: Pick<Config, 'audit' | 'purge' | 'webhooks'>,
  validator: Validator,
): MaintenanceSettings {
  if (purge !== 'manual') validator.knownOptions('purge', purge, { every: true })
  const purgeInterval = purge === 'manual' ? 0 : validator.duration('purge.every', purge.every ?? '1h')
  if (purgeInterval > MAX_INTERVAL) validator.problem('purge.every', 'must be at most 10 days')
  const webhookRetention = resolveWebhookRetention(webhooks, validator)
  return { ...resolveAudit(audit, validator), purgeInterval, webhookRetention }
}
