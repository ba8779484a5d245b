import { hash } from 'node:crypto'
import { html, trustedMarkup, type Html } from '../../lib/html.ts'
import { iconFor } from '../../pages/icon.ts'
import { DEFAULT_ACCENT } from '../../pages/palette.ts'
import { styleSheet } from '../../pages/style.ts'

/** Wider than a sign-in page, to fit code. */
const DEMO_STYLE = `${styleSheet(DEFAULT_ACCENT)}
body { grid-template-columns: minmax(0, 46rem); align-content: start }
h2 { margin: 1.75rem 0 0; font-size: 1.0625rem }
pre { margin: .625rem 0 0; padding: .75rem .875rem; border-radius: .5rem; background: var(--quiet); font: .8125rem/1.5 ui-monospace, 'SF Mono', Menlo, Consolas, monospace; white-space: pre-wrap; user-select: all }
.row { display: flex; flex-wrap: wrap; gap: .75rem; margin-top: .875rem }
.row .primary, .row .secondary { inline-size: auto }
`

/** The headers of the demo's pages: no scripts, no requests to other origins, no caching, no frames. */
export const DEMO_PAGE_HEADERS = {
  'Content-Type': 'text/html; charset=utf-8',
  'Content-Security-Policy': [
    "default-src 'none'",
    `style-src 'sha256-${hash('sha256', DEMO_STYLE, 'base64')}'`,
    'img-src data:',
    "form-action 'self'",
    "frame-ancestors 'none'",
    "base-uri 'none'",
  ].join('; '),
  'X-Content-Type-Options': 'nosniff',
  // The callback's URL contains a code.
  'Referrer-Policy': 'no-referrer',
  'Cache-Control': 'no-store',
} as const

/** Renders a page of the demo. */
export const demoPage = (title: string, content: Html): Html =>
  html`<!doctype html>
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <meta name="color-scheme" content="light dark" />
        <title>${title} · Consulate demo</title>
        <link rel="icon" href="${icon}" />
        ${style}
      </head>
      <body>
        <header><span class="site">Consulate demo</span></header>
        <main>
          <h1>${title}</h1>
          ${content}
        </main>
      </body>
    </html> `

const icon = `data:image/svg+xml,${encodeURIComponent(iconFor())}`

const style = trustedMarkup(`<style>${DEMO_STYLE}</style>`)

/** Renders a value as indented JSON. */
export const jsonBox = (value: unknown): Html => codeBox(JSON.stringify(value, null, 2))

/** Renders a text that one click selects. */
export const codeBox = (text: string): Html => html`<pre>${text}</pre>`
