import { html, type Html } from '../lib/html.ts'
import type { Messages } from './messages.ts'

type Formats = Messages['formats']

/** Formats a time (ms) as a date in UTC. */
export const day = (time: number, { day: format }: Formats): Html => timeElement(time, format(time))

/** Formats a time (ms) as a date and a time in UTC. */
export const minute = (time: number, { minute: format }: Formats): Html => timeElement(time, format(time))

/** Formats a time (ms) in words, such as `5 minutes ago`, with the exact time on hover. */
export const relative = (time: number, { minute: format }: Formats, words: string): Html =>
  html`<time datetime="${isoOf(time)}" title="${format(time)}">${words}</time>`

const isoOf = (time: number): string => new Date(time).toISOString()

const timeElement = (time: number, text: string): Html => html`<time datetime="${isoOf(time)}">${text}</time>`
