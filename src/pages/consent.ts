import { html } from '../lib/html.ts'
import type { Html } from '../lib/html.ts'
import { accountBox, scopeList } from './consent-parts.ts'
import { buttonForm } from './form.ts'
import { isolateHost, isolateName } from './isolate.ts'
import { layout } from './layout.ts'
import type { Site } from './layout.ts'
import type { ConsentProps } from './props.ts'
import type { Words } from './words.ts'

/** The consent page: who asks for what, and of whom. Nothing has the focus, so that Enter alone allows nothing. */
export function consentPage(props: ConsentProps, site: Site): Html {
  const words = site.words.consent
  const content = html`<h1>${words.heading}</h1>
    ${asked(props, words)} ${accountBox(props, words)}
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
  return scopeList(words.wantsTo(name, host), scopes)
}
