import { html, type Html } from '../lib/html.ts'

/** Formats a time (ms) as a UTC date, the same in every language: `2026-11-22`. */
export const day = (time: number): Html => timeElement(time, isoOf(time).slice(0, 10))

/** Formats a time (ms) as `2026-11-22 14:03 UTC`. */
export const minute = (time: number): Html => timeElement(time, exact(time))

const isoOf = (time: number): string => new Date(time).toISOString()

/** Formats a time (ms) in words, such as `5 minutes ago`, with the exact time on hover. */
export const relative = (time: number, words: string): Html =>
  html`<time datetime="${isoOf(time)}" title="${exact(time)}">${words}</time>`

const exact = (time: number): string => `${isoOf(time).slice(0, 10)} ${isoOf(time).slice(11, 16)} UTC`

const timeElement = (time: number, text: string): Html =>
  html`<time datetime="${isoOf(time)}" dir="ltr">${text}</time>`
