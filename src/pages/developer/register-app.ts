import { html, type Html } from '../../lib/html.ts'
import { accountLayout } from '../account/account.ts'
import { appFields, appProblemText, confirmationField, isPasswordProblem } from './app-form.ts'
import type { RegisterAppProps } from './props.ts'
import { postForm, problemLine } from '../form.ts'
import type { Messages } from '../messages.ts'
import { logoScript, revealScript } from '../scripts.ts'
import type { Site } from '../site.ts'

/** The form for a new app. */
export function registerAppPage(props: RegisterAppProps, site: Site): Html {
  const { registerApp: text, appForm, titleWithProblem } = site.messages
  const title = props.problem ? titleWithProblem(text.heading) : text.heading
  const content = html`<h1>${text.heading}</h1>
    ${problemLine(appProblemText(props.problem, appForm))} ${form(props, site)}
    ${props.asksPassword && revealScript}`
  return accountLayout(site, title, props, content)
}

/** A link to the app instead, if its users must sign in again there first. */
function form(props: RegisterAppProps, { messages }: Site): Html {
  const { signInAgain } = messages.appForm
  if (props.signInAgainUrl !== undefined)
    return html`<p>${signInAgain.required}</p>
      <p class="actions"><a class="primary" href="${props.signInAgainUrl}">${signInAgain.submit}</a></p>`
  return html`${postForm(props.register, fields(props, messages))} ${logoScript}`
}

const fields = (props: RegisterAppProps, messages: Messages): Html =>
  html`<div class="fields">
    ${appFields(props, messages.appForm)} ${typeField(props, messages.registerApp)}
    ${
      props.asksPassword &&
      confirmationField(messages, {
        hint: messages.appForm.currentPasswordHint,
        isInvalid: isPasswordProblem(props.problem),
      })
    }
    <div class="buttons">
      <button class="primary">${messages.registerApp.submit}</button>
      <a class="secondary" href="${props.appsUrl}">${messages.registerApp.cancel}</a>
    </div>
  </div>`

const typeField = ({ isPublic }: RegisterAppProps, text: Messages['registerApp']): Html =>
  html`<fieldset aria-describedby="type-hint">
    <legend>${text.type}</legend>
    ${(['confidential', 'public'] as const).map(
      (type) =>
        html`<label class="check"
          ><input
            type="radio"
            name="type"
            value="${type}"
            ${(type === 'public') === isPublic && html` checked`}
          /><span>${text.types[type]}</span></label
        >`,
    )}
    <p class="hint soft small" id="type-hint">${text.typeHint}</p>
  </fieldset>`
