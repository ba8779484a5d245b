import { html } from '../lib/html.ts'
import type { Html } from '../lib/html.ts'
import { buttonForm } from './form.ts'
import { isolate, isolateName } from './isolate.ts'
import type { ConsentProps } from './props.ts'
import type { Words } from './words.ts'

/** What is asked for: the sentence before it, and the list of what the scopes mean. */
export const scopeList = (sentence: Html, scopes: ConsentProps['scopes']): Html =>
  html`<p class="asks" id="asks">${sentence}</p>
    <ul class="scopes" role="list" aria-labelledby="asks">
      ${scopes.map(({ description }) => html`<li>${isolate(description)}</li>`)}
    </ul>`

/** Who is signed in, and the way to somebody else. */
export const accountBox = (
  { userName, switchAccount }: Pick<ConsentProps, 'userName' | 'switchAccount'>,
  words: Words['consent'],
): Html =>
  html`<div class="account">
    <p><span class="soft">${words.signedInAs}</span> ${isolateName(userName)}</p>
    ${buttonForm(switchAccount, words.switchAccount, 'link')}
  </div>`
