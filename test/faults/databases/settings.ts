import type { Setting } from './fault.ts'
import { MYSQL_SETTINGS } from './mysql.ts'
import { PGBOUNCER, POSTGRES, POSTGRES_FAILOVER, POSTGRES_FULL } from './postgres.ts'
import { REDIS } from './redis.ts'
import { SQLITE } from './sqlite.ts'

export const SETTINGS: readonly Setting[] = [
  SQLITE,
  POSTGRES,
  POSTGRES_FULL,
  POSTGRES_FAILOVER,
  PGBOUNCER,
  ...MYSQL_SETTINGS,
  REDIS,
]
