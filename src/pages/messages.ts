import { en } from './messages/en.ts'

/** The text of every page in one language. Another language is another object of this type. */
export type Messages = typeof en

/** The available languages. */
export const LANGUAGES = { en } as const satisfies Record<string, Messages>

/** A language of the pages, as a BCP 47 tag. */
export type Language = keyof typeof LANGUAGES
