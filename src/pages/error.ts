import { html } from '../lib/html.ts'
import type { Html } from '../lib/html.ts'
import { layout } from './layout.ts'
import type { Site } from './layout.ts'
import type { ErrorProps } from './props.ts'

/** The error page: what happened, what to do, and what to tell support. From status 500 on it is our fault, and says so. */
export function errorPage({ status, code, description, requestId }: ErrorProps, site: Site): Html {
  const words = site.words.error
  const isOurs = status >= 500
  const heading = isOurs ? words.headingOfServer : words.headingOfCaller
  const content = html`<h1>${heading}</h1>
    <p class="asks">${description}.</p>
    <p>${isOurs ? words.adviceOfServer : words.adviceToCaller}</p>
    <p class="note soft small">${words.forSupport}</p>
    <dl class="small">
      <dt>${words.code}</dt>
      <dd>${code}</dd>
      <dt>${words.requestId}</dt>
      <dd>${requestId}</dd>
    </dl>`
  return layout(site, heading, content)
}
