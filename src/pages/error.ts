import { html } from '../lib/html.ts'
import type { Html } from '../lib/html.ts'
import { layout } from './layout.ts'
import type { Site } from './layout.ts'
import type { ErrorProps } from './props.ts'

/** The error page. The descriptions of server errors say nothing that a user can act on, so they are not shown. */
export function errorPage({ status, code, description, requestId }: ErrorProps, site: Site): Html {
  const text = site.messages.error
  const message =
    status >= 500
      ? html`<p class="asks">${text.serverAdvice}</p>`
      : html`<p class="asks">${description}.</p>
          <p>${text.advice}</p>`
  const content = html`<h1>${text.heading}</h1>
    ${message}
    <p class="note soft small">${text.forDeveloper}</p>
    <dl class="small">
      <dt>${text.code}</dt>
      <dd>${code}</dd>
      <dt>${text.requestId}</dt>
      <dd>${requestId}</dd>
    </dl>`
  return layout(site, text.heading, content)
}
