import { en } from './words/en.ts'

/** All words of all pages in one language. Another language is one more file of this type. */
export type Words = typeof en

/** The languages that the pages speak. */
export const LANGUAGES = { en } as const satisfies Record<string, Words>

/** A language of the pages, by its BCP 47 tag. */
export type Language = keyof typeof LANGUAGES
