import { html } from '../lib/html.ts'

/** The outlines of the mark, a door with a keyhole, on a field of 32 by 32. */
export const OUTLINES = {
  door: 'M4 30V14a12 12 0 0 1 24 0v16z',
  keyhole: 'M16 11a3.6 3.6 0 0 0-1.9 6.7L12.8 24h6.4l-1.3-6.3A3.6 3.6 0 0 0 16 11z',
} as const

/** The mark at the head of every page. */
export const mark = html`<svg
  class="mark"
  viewBox="0 0 32 32"
  width="32"
  height="32"
  aria-hidden="true"
  focusable="false"
>
  <path class="door" d="${OUTLINES.door}" />
  <path class="keyhole" d="${OUTLINES.keyhole}" />
</svg>`
