import { html } from '../lib/html.ts'
import type { Html } from '../lib/html.ts'
import { buttonForm } from './form.ts'
import { isolate, isolateHost, isolateName } from './isolate.ts'
import { layout } from './layout.ts'
import type { Site } from './layout.ts'
import type { Messages } from './messages.ts'
import type { ConsentProps } from './props.ts'

/** The consent page. Nothing has the focus, so pressing Enter does not allow anything. */
export function consentPage(props: ConsentProps, site: Site): Html {
  const text = site.messages.consent
  const { name, host } = props.client
  const content = html`<h1>${text.heading}</h1>
    ${requestedScopes(name, props.scopes, text)} ${accountBox(props, text)}
    <div class="actions pair">
      ${buttonForm(props.approve, text.approve, 'primary')} ${buttonForm(props.deny, text.deny, 'secondary')}
    </div>
    <p class="note soft small">${text.trust(isolateName(name), isolateHost(host))}</p>`
  return layout(site, text.heading, content)
}

/** What a client asks for. */
export function requestedScopes(
  client: string,
  scopes: ConsentProps['scopes'],
  text: Messages['consent'],
): Html {
  const name = isolateName(client)
  if (scopes.length === 0) return html`<p class="asks">${text.wantsIdentity(name)}</p>`
  return html`<p class="asks" id="asks">${text.wantsTo(name)}</p>
    <ul class="scopes" role="list" aria-labelledby="asks">
      ${scopes.map(({ description }) => html`<li>${isolate(description)}</li>`)}
    </ul>`
}

/** The signed-in user, with a button to switch accounts. */
export const accountBox = (
  { userName, switchAccount }: Pick<ConsentProps, 'userName' | 'switchAccount'>,
  text: Messages['consent'],
): Html =>
  html`<div class="account">
    <p><span class="soft">${text.signedInAs}</span> ${isolateName(userName)}</p>
    ${buttonForm(switchAccount, text.switchAccount, 'link')}
  </div>`
