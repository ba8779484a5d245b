import type { Setting } from './fault.ts'
import { SQLITE } from './sqlite.ts'

export const SETTINGS: readonly Setting[] = [SQLITE]
