import { html, type Html } from '../lib/html.ts'
import type { Site } from './site.ts'

/** The document around a page: `title` for the tab, `content` for `<main>`. */
export const layout = (site: Site, title: string, content: Html, width: 'narrow' | 'wide' = 'narrow'): Html =>
  html`<!doctype html>
    <html lang="${site.messages.lang}" dir="${site.messages.direction}">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <meta name="color-scheme" content="light dark" />
        <meta name="robots" content="noindex" />
        <title>${site.messages.title(title, site.name)}</title>
        <link rel="icon" href="${site.favicon}" />
        ${site.style}
      </head>
      <body class="${width}">
        <header>${brand(site)}</header>
        <main>${content}</main>
        ${footer(site)}
      </body>
    </html> `

const brand = ({ name, logo }: Site): Html =>
  logo === undefined
    ? html`<span class="site"><bdi>${name}</bdi></span>`
    : html`<img class="logo" src="${logo}" alt="${name}" />`

function footer({ links, messages: { footer: text } }: Site): Html | false {
  const shown = (['privacy', 'terms', 'support'] as const).flatMap((name) => {
    const href = links[name]
    return href === undefined ? [] : [html`<a href="${href}">${text[name]}</a>`]
  })
  return shown.length > 0 && html`<footer>${shown}</footer>`
}
