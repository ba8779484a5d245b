import { html, type Html } from '../../lib/html.ts'
import { accountLayout } from './account.ts'
import type { ConnectedAppsProps, ConnectedAppView, DisconnectAppProps } from './connected-app-props.ts'
import { clientDetails, clientIcon, homepageLink } from '../client.ts'
import { requestedResources } from '../consent.ts'
import { day, relative } from '../date.ts'
import { buttonForm } from '../form.ts'
import { isolateName, isolateShort, shortText } from '../isolate.ts'
import { layout } from '../layout.ts'
import type { Messages } from '../messages.ts'
import { compactScopeList, scopeList } from './personal-tokens.ts'
import type { Site } from '../site.ts'

/** The apps that have access to the user's account. */
export function connectedAppsPage(props: ConnectedAppsProps, site: Site): Html {
  const text = site.messages.connectedApps
  const { apps, hidden, disconnected } = props
  const [others, own] = [apps.filter((app) => app.isThirdParty), apps.filter((app) => !app.isThirdParty)]
  const content = html`<h1>${text.heading}</h1>
    ${apps.length > 0 && html`<p class="soft">${text.advice}</p>`}
    ${
      disconnected !== undefined &&
      html`<p class="notice" role="status">${text.disconnected(isolateName(disconnected))}</p>`
    }
    ${apps.length === 0 && html`<p class="empty soft">${text.none}</p>`}
    ${others.length > 0 && own.length > 0 && html`<h2>${text.thirdParty}</h2>`} ${list(others, props, site)}
    ${own.length > 0 && html`<h2>${text.own(isolateShort(site.name))}</h2>`} ${list(own, props, site)}
    ${hidden > 0 && html`<p class="note soft small">${text.more(hidden)}</p>`}`
  return accountLayout(site, text.heading, props, content)
}

const list = (apps: readonly ConnectedAppView[], props: ConnectedAppsProps, site: Site): Html | false =>
  apps.length > 0 &&
  html`<ul class="apps" role="list">
    ${apps.map((app) => item(app, props, site))}
  </ul>`

function item(app: ConnectedAppView, { now }: ConnectedAppsProps, { messages }: Site): Html {
  const { connectedApps: text, consent } = messages
  return html`<li>
    ${clientIcon(app)}
    <div>
      <p>${isolateName(app.name)}</p>
      ${originLine(app, messages)} ${permissions(app, messages)} ${requestedResources(app.resources, consent)}
      <p class="soft small">
        <span>${lastUse(app, now, messages)}</span>
        <span>${text.connected(day(app.connectedAt, messages.formats))}</span>
      </p>
    </div>
    <a class="secondary" href="${app.disconnectUrl}" aria-label="${text.disconnectNamed(shortText(app.name))}"
      >${text.disconnect}</a
    >
  </li>`
}

const permissions = ({ scopes }: ConnectedAppView, messages: Messages): Html =>
  scopes.length === 0
    ? html`<p class="permissions">${messages.personalTokens.noScopes}</p>`
    : html`<div class="permissions">${compactScopeList(scopes, messages)}</div>`

const lastUse = (
  { lastUsedAt }: ConnectedAppView,
  now: number,
  { connectedApps: text, formats }: Messages,
): Html | string =>
  lastUsedAt === null
    ? text.notUsed
    : text.lastUsed(relative(lastUsedAt, formats, text.ago((now - lastUsedAt) / 1000)))

/** Who made the app. */
function originLine({ publisher, homepage }: ConnectedAppView, { client: text }: Messages): Html | false {
  const parts = [
    publisher !== null && html`<span>${text.publishedBy(isolateShort(publisher))}</span> `,
    homepageLink(homepage),
  ].filter((part) => part !== false)
  return parts.length > 0 && html`<p class="soft small">${parts}</p>`
}

/** Asks before disconnecting an app. */
export function disconnectAppPage({ client, disconnect, appsUrl }: DisconnectAppProps, site: Site): Html {
  const { messages } = site
  const text = messages.disconnectApp
  const content = html`${clientIcon(client)}
    <h1>${text.heading}</h1>
    <p>${text.effect(isolateName(client.name))}</p>
    ${client.scopes.length > 0 && lostScopes(client, site)}
    ${client.isThirdParty && html`<p class="note soft small">${text.keepsData(isolateName(client.name))}</p>`}
    <div class="actions pair">
      ${buttonForm(disconnect, text.submit, 'danger')}
      <a class="secondary" href="${appsUrl}">${text.cancel}</a>
    </div>
    ${clientDetails(client, site)}`
  return layout(site, text.heading, content)
}

const lostScopes = ({ scopes, resources }: DisconnectAppProps['client'], { messages }: Site): Html =>
  html`<p class="note">${messages.disconnectApp.loses}</p>
    <div class="permissions lost">${scopeList(scopes, messages)}</div>
    ${requestedResources(resources, messages.consent)}`
