import type { Setting } from './fault.ts'
import { REDIS } from './redis.ts'
import { SQLITE } from './sqlite.ts'

export const SETTINGS: readonly Setting[] = [SQLITE, REDIS]
