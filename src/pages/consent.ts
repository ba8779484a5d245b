import { html, type Html } from '../lib/html.ts'
import { clientDetails, clientIcon } from './client.ts'
import { buttonForm } from './form.ts'
import { initialOf, isolateHost, isolateName, isolateShort } from './isolate.ts'
import { layout } from './layout.ts'
import type { Messages } from './messages.ts'
import type { ClientView, ConsentProps } from './props.ts'
import { APPROVE_FORM, requestedScopes } from './requested-scopes.ts'
import type { Site } from './site.ts'

/** The consent page. Nothing has the focus, so pressing Enter does not allow anything. */
export function consentPage(props: ConsentProps, site: Site): Html {
  const text = site.messages.consent
  const { client } = props
  const content = html`${clientIcon(client)}
    <h1>${text.heading}</h1>
    ${requestedScopes(nameOf(client, text), props.scopes, site.messages)}
    ${requestedResources(props.resources, text)} ${accountBox(props, text)}
    <p class="note small">${text.trust(isolateName(client.name))} ${destination(client, text)}</p>
    ${decisionButtons(props, text)} ${revocationNote(props, site)} ${clientDetails(client, site)}`
  return layout(site, text.heading, content)
}

const nameOf = ({ name, host }: ClientView, text: Messages['consent']): Html =>
  host === null ? text.appOnDevice(isolateName(name)) : isolateName(name)

const destination = ({ host }: ClientView, text: Messages['consent']): Html | string =>
  host === null ? text.returnToApp : text.redirectTo(isolateHost(host))

/** The APIs that the access is for, unless it is the default one. */
export function requestedResources(
  resources: ConsentProps['resources'],
  text: Messages['consent'],
): Html | false {
  const names = resources.map(({ uri, name, host }) =>
    name === null
      ? isolateHost(uri)
      : text.resource(isolateName(name), host === null ? undefined : isolateHost(host)),
  )
  return names.length > 0 && html`<p class="note">${text.accessTo(names)}</p>`
}

/** The signed-in user, with a button to switch accounts. */
export const accountBox = (
  { userName, switchAccount }: Pick<ConsentProps, 'userName' | 'switchAccount'>,
  text: Messages['consent'],
): Html =>
  html`<div class="account">
    <span class="avatar" aria-hidden="true">${initialOf(userName) ?? '?'}</span>
    <div>
      <p><span class="soft">${text.signedInAs}</span> ${isolateName(userName)}</p>
      ${buttonForm(switchAccount, text.switchAccount, 'link')}
    </div>
  </div>`

/** On a narrow screen, Allow comes first. */
export const decisionButtons = (
  { approve, deny }: Pick<ConsentProps, 'approve' | 'deny'>,
  text: Messages['consent'],
): Html =>
  html`<div class="actions pair">
    ${buttonForm({ ...approve, id: APPROVE_FORM }, text.approve, 'primary')}
    ${buttonForm(deny, text.deny, 'secondary')}
  </div>`

/** Says that access can be revoked, and where. */
export function revocationNote({ appsUrl }: Pick<ConsentProps, 'appsUrl'>, site: Site): Html {
  const { messages, links, name } = site
  const { consent: text, account } = messages
  const contact = links.support
    ? html`<a href="${links.support}">${isolateShort(name)}</a>`
    : isolateShort(name)
  if (links.account) return note(text.revokeIn(html`<a href="${links.account}">${text.accountSettings}</a>`))
  if (appsUrl !== undefined)
    return note(text.revokeUnder(html`<a href="${appsUrl}">${account.pages.apps}</a>`))
  return note(text.revokeBy(contact))
}

const note = (sentence: Html): Html => html`<p class="note soft small">${sentence}</p>`
