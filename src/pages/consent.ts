import { html } from '../lib/html.ts'
import type { Html } from '../lib/html.ts'
import { buttonForm } from './form.ts'
import { isolate, isolateHost, isolateName } from './isolate.ts'
import { layout } from './layout.ts'
import type { Site } from './layout.ts'
import type { ConsentProps } from './props.ts'
import type { Words } from './words.ts'

/** The consent page: who asks for what, and of whom. Nothing has the focus, so that Enter alone allows nothing. */
export function consentPage(props: ConsentProps, site: Site): Html {
  const words = site.words.consent
  const content = html`<h1>${words.heading}</h1>
    ${asked(props, words)} ${account(props, words)}
    <div class="actions pair">
      ${buttonForm(props.approve, words.approve, 'primary')}
      ${buttonForm(props.deny, words.deny, 'secondary')}
    </div>
    <p class="note soft small">${words.goBackTo(isolateHost(props.client.host))}</p>`
  return layout(site, words.heading, content)
}

function asked({ client, scopes }: ConsentProps, words: Words['consent']): Html {
  const [name, host] = [isolateName(client.name), isolateHost(client.host)]
  if (scopes.length === 0) return html`<p class="asks">${words.wantsToKnowYou(name, host)}</p>`
  return html`<p class="asks" id="asks">${words.wantsTo(name, host)}</p>
    <ul class="scopes" role="list" aria-labelledby="asks">
      ${scopes.map(({ description }) => html`<li>${isolate(description)}</li>`)}
    </ul>`
}

const account = ({ userName, switchAccount }: ConsentProps, words: Words['consent']): Html =>
  html`<div class="account">
    <p><span class="soft">${words.signedInAs}</span> ${isolateName(userName)}</p>
    ${buttonForm(switchAccount, words.switchAccount, 'link')}
  </div>`
