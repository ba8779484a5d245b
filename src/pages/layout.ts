import { html, trustedMarkup } from '../lib/html.ts'
import type { Html } from '../lib/html.ts'
import { mark } from './mark.ts'
import { STYLE } from './style.ts'
import type { Messages } from './messages.ts'

/** What all pages of one server share. */
export interface Site {
  readonly messages: Messages
  /** What the server calls itself, shown above every page. */
  readonly name?: string
}

/** The whole document around a page: `title` for the tab, `content` for `<main>`. No script, and nothing fetched. */
export const layout = ({ messages, name }: Site, title: string, content: Html): Html =>
  html`<!doctype html>
    <html lang="${messages.lang}" dir="${messages.direction}">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <meta name="color-scheme" content="light dark" />
        <meta name="robots" content="noindex" />
        <title>${messages.title(title, name)}</title>
        ${style}
      </head>
      <body>
        <header>${mark}${name && html`<span class="site"><bdi>${name}</bdi></span>`}</header>
        <main>${content}</main>
      </body>
    </html> `

/** To the letter: a space more, and the hash in the policy would not be its own. */
const style = trustedMarkup(`<style>${STYLE}</style>`)
