import { html } from '../lib/html.ts'
import type { Html } from '../lib/html.ts'
import { accountBox, scopeList } from './consent-parts.ts'
import { buttonForm } from './form.ts'
import { isolateHost, isolateName } from './isolate.ts'
import { layout } from './layout.ts'
import type { Site } from './layout.ts'
import type { DeviceConsentProps } from './props.ts'
import type { Words } from './words.ts'

/**
 * The page that asks whether a device may go on: the code first, since only the person can tell whose device shows it
 * (RFC 8628 section 5.4). Nothing has the focus, so that Enter alone allows nothing.
 */
export function deviceConsentPage(props: DeviceConsentProps, site: Site): Html {
  const { consent, deviceConsent: words } = site.words
  const content = html`<h1>${words.heading}</h1>
    ${device(props, words)} ${asked(props, words)} ${accountBox(props, consent)}
    <p class="note small">${words.warning}</p>
    <div class="actions pair">
      ${buttonForm(props.approve, consent.approve, 'primary')}
      ${buttonForm(props.deny, consent.deny, 'secondary')}
    </div>`
  return layout(site, words.heading, content)
}

const device = ({ userCode, address }: DeviceConsentProps, words: Words['deviceConsent']): Html =>
  html`<div class="device">
    <p>${words.isItYours}</p>
    <p class="code" dir="ltr">${userCode}</p>
    ${address !== '' && html`<p class="soft small">${words.askedFrom(isolateHost(address))}</p>`}
  </div>`

function asked({ client, scopes }: DeviceConsentProps, words: Words['deviceConsent']): Html {
  const name = isolateName(client.name)
  if (scopes.length === 0) return html`<p class="asks">${words.wantsToKnowYou(name)}</p>`
  return scopeList(words.wantsTo(name), scopes)
}
