import { html, type Html } from '../../lib/html.ts'
import { day } from '../date.ts'
import { isolateName } from '../isolate.ts'
import { layout } from '../layout.ts'
import { scopeList } from './personal-tokens.ts'
import type { NewPersonalTokenProps } from '../props.ts'
import { copyScript } from '../scripts.ts'
import type { Site } from '../site.ts'

/** Shows a new token, once. One click selects all of it. */
export function newPersonalTokenPage(props: NewPersonalTokenProps, site: Site): Html {
  const text = site.messages.newPersonalToken
  const content = html`<h1>${text.heading}</h1>
    <p class="notice">${text.advice}</p>
    <p class="asks" id="label">${text.label(isolateName(props.name))}</p>
    <code
      class="token"
      id="token"
      tabindex="0"
      role="textbox"
      aria-readonly="true"
      aria-labelledby="label"
      dir="ltr"
      >${props.accessToken}</code
    >
    <div class="copying">
      <button class="secondary" type="button" data-copies="token" hidden>${text.copy}</button>
      <p class="soft small" role="status" data-copied="${text.copied}" data-failed="${text.failed}"></p>
    </div>
    <dl class="facts">
      <dt>${site.messages.personalTokens.scopes}</dt>
      <dd>${scopeList(props.scopes, site.messages)}</dd>
      <dt>${site.messages.personalTokens.expires}</dt>
      <dd>${day(props.expiresAt, site.messages.formats)}</dd>
    </dl>
    <p class="actions"><a class="secondary" href="${props.tokensUrl}">${text.back}</a></p>
    ${copyScript}`
  return layout(site, text.heading, content)
}
