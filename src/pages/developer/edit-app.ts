import { html, type Html } from '../../lib/html.ts'
import { accountLayout } from '../account/account.ts'
import { appFields, appProblemText, confirmationField, isPasswordProblem } from './app-form.ts'
import { clientIcon } from '../client.ts'
import { minute } from '../date.ts'
import type { EditAppProps } from './props.ts'
import { postForm, problemLine } from '../form.ts'
import { isolate, isolateShort, shortText } from '../isolate.ts'
import type { Messages } from '../messages.ts'
import { copyScript, logoScript, revealScript } from '../scripts.ts'
import type { Site } from '../site.ts'

/** The page of one app: its credentials, its settings, and a link that deletes it. */
export function editAppPage(props: EditAppProps, site: Site): Html {
  const { editApp: text, appForm, titleWithProblem } = site.messages
  const name = shortText(props.app.name)
  const content = html`<p class="small"><a href="${props.appsUrl}">${text.back}</a></p>
    <div class="app-heading">
      ${clientIcon(props.app)}
      <h1>${isolateShort(props.app.name)}</h1>
    </div>
    ${problemLine(appProblemText(props.problem, appForm))}
    ${props.isSaved && html`<p class="notice" role="status">${text.saved}</p>`}
    <div class="credentials">${clientId(props, text)} ${secret(props, site.messages)}</div>
    <h2>${text.settings}</h2>
    ${postForm(props.save, fields(props, site.messages))} ${scopes(props, text)}
    <section class="danger-zone" aria-labelledby="danger">
      <div>
        <h2 id="danger">${text.danger}</h2>
        <p class="soft">${text.deleteAdvice}</p>
      </div>
      <a class="secondary" href="${props.deleteUrl}">${text.delete}</a>
    </section>
    ${copyScript} ${logoScript} ${props.asksPassword && revealScript}`
  return accountLayout(site, props.problem ? titleWithProblem(name) : name, props, content)
}

const clientId = ({ app }: EditAppProps, text: Messages['editApp']): Html =>
  html`<section aria-labelledby="client-id-heading">
    <h2 id="client-id-heading">${text.clientId}</h2>
    <code
      class="token"
      id="client-id"
      tabindex="0"
      role="textbox"
      aria-readonly="true"
      aria-labelledby="client-id-heading"
      dir="ltr"
      >${app.id}</code
    >
    <div class="copying">
      <button class="secondary" type="button" data-copies="client-id" hidden>${text.copy}</button>
      <p class="soft small" role="status" data-copied="${text.copied}" data-failed="${text.failed}"></p>
    </div>
  </section>`

function secret({ app, rotateUrl }: EditAppProps, { editApp: text, formats }: Messages): Html {
  const facts = app.isPublic ? text.isPublic : text.hasSecret
  return html`<section aria-labelledby="secret-heading">
    <h2 id="secret-heading">${text.secret}</h2>
    <p class="soft">${facts}</p>
    ${app.oldSecretsExpireAt !== null && html`<p class="soft">${text.oldSecrets(minute(app.oldSecretsExpireAt, formats))}</p>`}
    ${rotateUrl !== undefined && html`<p class="actions"><a class="secondary" href="${rotateUrl}">${text.rotate}</a></p>`}
  </section>`
}

const fields = (props: EditAppProps, messages: Messages): Html =>
  html`<div class="fields">
    ${appFields(props, messages.appForm)} ${confirmation(props, messages)}
    <button class="primary">${messages.editApp.submit}</button>
  </div>`

function confirmation(props: EditAppProps, messages: Messages): Html | false {
  const { sensitiveHint, signInAgain } = messages.appForm
  if (props.signInAgainUrl !== undefined)
    return html`<p class="soft small">
      ${signInAgain.sensitive} <a href="${props.signInAgainUrl}">${signInAgain.submit}</a>
    </p>`
  const isInvalid = isPasswordProblem(props.problem)
  return (
    props.asksPassword && confirmationField(messages, { hint: sensitiveHint, isInvalid, isOptional: true })
  )
}

const scopes = ({ scopes: list }: EditAppProps, text: Messages['editApp']): Html | false =>
  list.length > 0 &&
  html`<details class="app-scopes">
    <summary>${text.scopes(list.length)}</summary>
    <dl>
      ${list.map(
        ({ id, description }) =>
          html`<dt><code>${id}</code></dt>
            <dd>${isolate(description)}</dd>`,
      )}
    </dl>
  </details>`
