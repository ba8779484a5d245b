import { html } from '../lib/html.ts'
import type { Html } from '../lib/html.ts'
import { copyScript } from './copy-script.ts'
import { day } from './date.ts'
import { isolateName } from './isolate.ts'
import { layout } from './layout.ts'
import type { Site } from './layout.ts'
import { scopeNames } from './personal-token.ts'
import type { NewPersonalTokenProps } from './props.ts'

/**
 * The page that shows a token, this once: one click selects all of it. The button that copies it needs a script, and is
 * not there without one.
 */
export function newPersonalTokenPage(props: NewPersonalTokenProps, site: Site): Html {
  const words = site.words.newPersonalToken
  const content = html`<h1>${words.heading}</h1>
    <p class="soft">${words.advice}</p>
    <p class="asks" id="label">${words.label(isolateName(props.name))}</p>
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
      <button class="secondary" type="button" data-copies="token" hidden>${words.copy}</button>
      <p class="soft small" role="status" data-copied="${words.copied}" data-failed="${words.failed}"></p>
    </div>
    <p class="note">${words.allows}</p>
    ${scopeNames(props.scopes, site.words.personalTokens)}
    <p class="note soft small">${words.expires(day(props.expiresAt))}</p>
    <p class="actions"><a class="secondary" href="${props.tokensUrl}">${words.back}</a></p>
    ${copyScript}`
  return layout(site, words.heading, content)
}
