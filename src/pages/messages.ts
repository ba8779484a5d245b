import { en } from './messages/en.ts'
import type { Messages } from './messages/en.ts'
import { vi } from './messages/vi.ts'
import { zh } from './messages/zh.ts'

export type { Messages } from './messages/en.ts'

/** The built-in languages. */
export const builtInMessages = { en, vi, zh } as const satisfies Record<string, Messages>

/** Texts by language, as canonical BCP 47 tags. */
export type MessagesByLanguage = Readonly<Record<string, Messages>>
