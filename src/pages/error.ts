import { html, type Html } from '../lib/html.ts'
import { isolateShort } from './isolate.ts'
import { layout } from './layout.ts'
import type { ErrorProps } from './props.ts'
import type { Site } from './site.ts'

/**
 * The error page. Users can do nothing with the descriptions of server errors, so those are not shown. The others are in
 * English and for developers: a page in another language shows them among the details.
 */
export function errorPage({ status, code, description, reason, requestId }: ErrorProps, site: Site): Html {
  const text = site.messages.error
  const isServerError = status >= 500
  const known = reason === undefined ? text.otherReason : text.reasons[reason](isolateShort(site.name))
  const explanation = html`${known ?? `${description}.`}`
  const isInDetails = !isServerError && reason === undefined && known !== undefined
  const content = html`<h1>${text.heading}</h1>
    <p class="asks">${isServerError ? text.serverAdvice : explanation}</p>
    ${!isServerError && html`<p>${text.advice}</p>`}
    <p class="note soft small">${text.forDeveloper}</p>
    <dl class="codes small">
      <dt>${text.code}</dt>
      <dd>${code}</dd>
      ${
        isInDetails &&
        html`<dt>${text.description}</dt>
          <dd lang="en" dir="ltr">${description}</dd>`
      }
      <dt>${text.requestId}</dt>
      <dd>${requestId}</dd>
    </dl>`
  return layout(site, text.heading, content)
}
