import { html, trustedMarkup } from '../lib/html.ts'
import type { Html } from '../lib/html.ts'
import { STYLE } from './style.ts'
import type { Words } from './words.ts'

/** What all pages of one server share. */
export interface Site {
  readonly words: Words
  /** What the server calls itself, shown above every page. */
  readonly name?: string
}

/** The whole document around a page: `title` for the tab, `content` for `<main>`. No script, and nothing fetched. */
export const layout = ({ words, name }: Site, title: string, content: Html): Html =>
  html`<!doctype html>
    <html lang="${words.lang}" dir="${words.direction}">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <meta name="color-scheme" content="light dark" />
        <meta name="robots" content="noindex" />
        <title>${words.title(title, name)}</title>
        ${style}
      </head>
      <body>
        <header>${mark}${name && html`<span class="site"><bdi>${name}</bdi></span>`}</header>
        <main>${content}</main>
      </body>
    </html> `

/** To the letter: a space more, and the hash in the policy would not be its own. */
const style = trustedMarkup(`<style>${STYLE}</style>`)

/** A door with a keyhole. */
export const mark = html`<svg
  class="mark"
  viewBox="0 0 32 32"
  width="32"
  height="32"
  aria-hidden="true"
  focusable="false"
>
  <path class="door" d="M4 30V14a12 12 0 0 1 24 0v16z" />
  <path class="keyhole" d="M16 11a3.6 3.6 0 0 0-1.9 6.7L12.8 24h6.4l-1.3-6.3A3.6 3.6 0 0 0 16 11z" />
</svg>`
