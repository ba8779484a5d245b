import { html, type Html } from '../../lib/html.ts'
import { accountLayout } from '../account/account.ts'
import { clientIcon } from '../client.ts'
import { day } from '../date.ts'
import type { DeleteAppProps, DeveloperAppsProps, DeveloperAppView } from './props.ts'
import { buttonForm, problemLine } from '../form.ts'
import { isolateName, shortText } from '../isolate.ts'
import { layout } from '../layout.ts'
import type { Messages } from '../messages.ts'
import type { Site } from '../site.ts'

/** The apps that the user has registered. */
export function developerAppsPage(props: DeveloperAppsProps, site: Site): Html {
  const text = site.messages.developerApps
  const title = props.isGone ? site.messages.titleWithProblem(text.heading) : text.heading
  const content = html`<h1>${text.heading}</h1>
    <p class="soft">${text.advice}</p>
    ${problemLine(props.isGone ? text.gone : undefined)}
    ${props.deleted !== undefined && html`<p class="notice" role="status">${text.deleted(isolateName(props.deleted))}</p>`}
    <h2 id="apps">${text.yours}</h2>
    ${props.apps.length === 0 ? html`<p class="empty soft">${text.none}</p>` : list(props, site.messages)}
    ${
      props.registerUrl === undefined
        ? html`<p class="note soft">${text.full(props.limit)}</p>`
        : html`<p class="actions"><a class="primary" href="${props.registerUrl}">${text.register}</a></p>`
    }`
  return accountLayout(site, title, props, content)
}

const list = ({ apps }: DeveloperAppsProps, messages: Messages): Html =>
  html`<ul class="own-apps" role="list" aria-labelledby="apps">
    ${apps.map((app) => item(app, messages))}
  </ul>`

const item = (app: DeveloperAppView, { developerApps: text, formats }: Messages): Html =>
  html`<li>
    ${clientIcon(app)}
    <div>
      <p>${isolateName(app.name)}</p>
      <p class="soft small">${text.created(day(app.createdAt, formats))}</p>
    </div>
    <a class="secondary" href="${app.url}" aria-label="${text.editNamed(shortText(app.name))}"
      >${text.edit}</a
    >
  </li>`

/** Asks before deleting an app. */
export function deleteAppPage(props: DeleteAppProps, site: Site): Html {
  const text = site.messages.deleteApp
  const content = html`<h1>${text.heading}</h1>
    <p>${text.effect(isolateName(props.name))}</p>
    <div class="actions pair">
      ${buttonForm(props.delete, text.submit, 'danger')}
      <a class="secondary" href="${props.appUrl}">${text.cancel}</a>
    </div>`
  return layout(site, text.heading, content)
}
