import { html, type Html } from '../../lib/html.ts'
import { appProblemText, confirmationField, isPasswordProblem } from './app-form.ts'
import { minute } from '../date.ts'
import type { AppSecretProps, RotateAppSecretProps } from './props.ts'
import { postForm, problemLine } from '../form.ts'
import { isolateName } from '../isolate.ts'
import { layout } from '../layout.ts'
import type { Messages } from '../messages.ts'
import { copyScript, revealScript } from '../scripts.ts'
import type { Site } from '../site.ts'

/** Asks before generating a secret, and how long earlier ones should work. */
export function rotateAppSecretPage(props: RotateAppSecretProps, site: Site): Html {
  const { rotateAppSecret: text, appForm, titleWithProblem } = site.messages
  const content = html`<h1>${text.heading}</h1>
    <p>${text.effect(isolateName(props.name))}</p>
    ${problemLine(appProblemText(props.problem, appForm))} ${form(props, site.messages)}
    ${props.asksPassword && revealScript}`
  return layout(site, props.problem ? titleWithProblem(text.heading) : text.heading, content)
}

function form(props: RotateAppSecretProps, messages: Messages): Html {
  const { rotateAppSecret: text, appForm } = messages
  const cancel = html`<a class="secondary" href="${props.appUrl}">${text.cancel}</a>`
  if (props.signInAgainUrl !== undefined)
    return html`<p>${appForm.signInAgain.secret}</p>
      <div class="actions pair">
        <a class="primary" href="${props.signInAgainUrl}">${appForm.signInAgain.submit}</a> ${cancel}
      </div>`
  return postForm(
    props.rotate,
    html`<div class="fields">
        ${overlapField(props, text)}
        ${
          props.asksPassword &&
          confirmationField(messages, {
            hint: appForm.currentPasswordHint,
            isInvalid: isPasswordProblem(props.problem),
          })
        }
      </div>
      <div class="actions pair"><button class="primary">${text.submit}</button> ${cancel}</div>`,
  )
}

const overlapField = ({ overlaps, overlap }: RotateAppSecretProps, text: Messages['rotateAppSecret']): Html =>
  html`<div>
    <label for="overlap">${text.overlap}</label>
    <select id="overlap" name="overlap">
      ${overlaps.map(
        (seconds) =>
          html`<option value="${seconds}" ${seconds === overlap && html` selected`}>
            ${text.overlapOf(seconds)}
          </option>`,
      )}
    </select>
  </div>`

/** Shows the secret of an app, once. One click selects all of it. */
export function appSecretPage(props: AppSecretProps, site: Site): Html {
  const text = site.messages.appSecret
  const content = html`<h1>${text.heading}</h1>
    <p class="notice">${text.advice}</p>
    <p class="asks" id="label">${text.label(isolateName(props.name))}</p>
    <code
      class="token"
      id="secret"
      tabindex="0"
      role="textbox"
      aria-readonly="true"
      aria-labelledby="label"
      dir="ltr"
      >${props.secret}</code
    >
    <div class="copying">
      <button class="secondary" type="button" data-copies="secret" hidden>${text.copy}</button>
      <p class="soft small" role="status" data-copied="${text.copied}" data-failed="${text.failed}"></p>
    </div>
    <dl class="facts">
      <dt>${text.clientId}</dt>
      <dd><code dir="ltr">${props.id}</code></dd>
      ${
        props.oldSecretsExpireAt !== null &&
        html`<dt>${text.oldSecrets}</dt>
          <dd>${minute(props.oldSecretsExpireAt, site.messages.formats)}</dd>`
      }
    </dl>
    <p class="actions"><a class="secondary" href="${props.appUrl}">${text.back}</a></p>
    ${copyScript}`
  return layout(site, text.heading, content)
}
