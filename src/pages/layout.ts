import { html, type Html } from '../lib/html.ts'
import type { Site } from './site.ts'

/** The document around a page: `title` for the tab, `content` for `<main>`. */
export const layout = (site: Site, title: string, content: Html): Html =>
  documentOf(site, title, { kind: 'narrow', header: brand(site), main: html`<main>${content}</main>` })

/** The parts of a document that differ between the layouts. */
export interface DocumentParts {
  /** The class of the body. */
  readonly kind: 'narrow' | 'account-page'
  /** The content of the header. */
  readonly header: Html
  /** Between the header and the footer. */
  readonly main: Html
}

/** An HTML document. */
export const documentOf = (site: Site, title: string, { kind, header, main }: DocumentParts): Html =>
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
      <body class="${kind}">
        <header>${header}</header>
        ${main} ${footer(site)}
      </body>
    </html> `

/** The logo or the name of the server. */
export const brand = ({ name, logo }: Site): Html =>
  logo === undefined
    ? html`<span class="site"><bdi>${name}</bdi></span>`
    : html`<img class="logo" src="${logo}" alt="${name}" />`

/** The links of the server, and those to the page in other languages. */
function footer(site: Site): Html | false {
  const { links, messages } = site
  const shown = (['privacy', 'terms', 'support'] as const).flatMap((name) => {
    const href = links[name]
    return href === undefined ? [] : [html`<a href="${href}">${messages.footer[name]}</a>`]
  })
  if (shown.length === 0 && site.languageLinks.length === 0) return false
  return html`<footer>${shown}${languageLinks(site)}</footer>`
}

/** Each language is named in itself. */
const languageLinks = ({ languageLinks: links, messages }: Site): Html | false =>
  links.length > 0 &&
  html`<div class="languages" role="group" aria-label="${messages.otherLanguages}">
    ${links.map(({ lang, name, href }) => html`<a href="${href}" lang="${lang}" hreflang="${lang}">${name}</a> `)}
  </div>`
