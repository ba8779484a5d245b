import { html, type Html } from '../../lib/html.ts'
import { isImageAddress } from '../../lib/web-address.ts'
import { findRedirectUriProblem } from '../../model/redirect-uri-problem.ts'
import type { AppFormError, AppFormField, AppFormProblem, AppFormProps } from './props.ts'
import type { Messages } from '../messages.ts'
import { passwordField } from '../password-field.ts'

type Text = Messages['appForm']

/** Returns the sentence for a problem of a form. */
export function appProblemText(problem: AppFormProblem | undefined, text: Text): string | undefined {
  if (problem === undefined) return undefined
  return 'seconds' in problem ? text[problem.kind](problem.seconds) : text.problems[problem.kind]
}

/** The fields that a new app and an existing one have in common. */
export const appFields = (props: AppFormProps, text: Text): Html =>
  html`${nameField(props, text)} ${redirectUrisField(props, text)}
  ${props.hasDeviceFlow && deviceField(props, text)} ${linkField('homepage', props, text)}
  ${linkField('privacy', props, text)} ${linkField('terms', props, text)} ${logoField(props, text)}`

const nameField = (props: AppFormProps, text: Text): Html =>
  html`<div>
    <label for="name">${text.name}</label>
    <input
      id="name"
      name="name"
      value="${props.values.name}"
      maxlength="255"
      autocomplete="off"
      dir="auto"
      required
      ${describedField(props, 'name', true)}
    />
    ${errorLines(props, 'name', text)}
    <p class="hint soft small" id="name-hint">${text.nameHint}</p>
  </div>`

const redirectUrisField = (props: AppFormProps, text: Text): Html =>
  html`<div>
    <label for="redirect_uris">${text.redirectUris}</label>
    <textarea
      id="redirect_uris"
      name="redirect_uris"
      rows="${rowsFor(props.values.redirectUris)}"
      autocomplete="off"
      autocapitalize="none"
      spellcheck="false"
      dir="ltr"
      ${!props.hasDeviceFlow && html` required`}
      ${describedField(props, 'redirect_uris', true)}
    >
${props.values.redirectUris}</textarea>
    ${errorLines(props, 'redirect_uris', text)}
    <p class="hint soft small" id="redirect_uris-hint">${text.redirectUrisHint}</p>
  </div>`

/** All lines are visible, so that users find the one that an error names. */
const rowsFor = (text: string): number => Math.min(Math.max(text.split('\n').length, 3), 20)

const deviceField = (props: AppFormProps, text: Text): Html =>
  html`<div>
    <label class="check"
      ><input
        type="checkbox"
        name="device"
        value="on"
        ${props.values.isDevice && html` checked`}
        ${describedField(props, 'device', true)}
      /><span>${text.device}</span></label
    >
    ${errorLines(props, 'device', text)}
    <p class="hint soft small" id="device-hint">${text.deviceHint}</p>
  </div>`

const linkField = (name: 'homepage' | 'privacy' | 'terms', props: AppFormProps, text: Text): Html =>
  html`<div>
    <label for="${name}">${text.optional(text[name])}</label>
    <input
      id="${name}"
      name="${name}"
      type="url"
      value="${props.values[name]}"
      maxlength="2048"
      autocomplete="off"
      dir="ltr"
      ${describedField(props, name)}
    />
    ${errorLines(props, name, text)}
  </div>`

/** Without scripts, a text field. The script hides it, and shows what chooses an image. */
function logoField(props: AppFormProps, text: Text): Html {
  const { logo } = props.values
  // A path of our own origin could be one with effects, and the browser would request it.
  const isShown = logo.startsWith('data:') && isImageAddress(logo)
  return html`<div>
    <div>
      <label for="logo">${text.optional(text.logo)}</label>
      <textarea
        id="logo"
        name="logo"
        rows="2"
        autocomplete="off"
        autocapitalize="none"
        spellcheck="false"
        dir="ltr"
        ${describedField(props, 'logo', true)}
      >
${logo}</textarea>
      <p class="hint soft small" id="logo-hint">${text.logoHint}</p>
    </div>
    <div class="picker" data-picks="logo" hidden>
      <label for="image">${text.optional(text.logo)}</label>
      <div>
        <img class="icon" alt="" ${isShown ? html` src="${logo}"` : html` hidden`} />
        <input id="image" type="file" accept="image/*" aria-label="${text.chooseImage}" />
        <button class="link" type="button" ${logo === '' && html` hidden`}>${text.removeImage}</button>
      </div>
      <p
        class="soft small"
        role="status"
        data-large="${text.imageTooLarge}"
        data-unreadable="${text.imageUnreadable}"
      ></p>
    </div>
    ${errorLines(props, 'logo', text)}
  </div>`
}

/** In the order of the form. The field for the logo is missing: the script hides it. */
const FOCUSABLE: readonly AppFormField[] = ['name', 'redirect_uris', 'device', 'homepage', 'privacy', 'terms']

/** The attributes that connect a field with what is wrong with it, and with its hint. The first invalid one is focused. */
function describedField({ errors }: AppFormProps, field: AppFormField, hasHint = false): Html {
  const isInvalid = errors[field] !== undefined
  const isFirst = isInvalid && FOCUSABLE.find((name) => errors[name] !== undefined) === field
  const ids = [isInvalid && `${field}-error`, hasHint && `${field}-hint`].filter(Boolean).join(' ')
  return html`${ids !== '' && html` aria-describedby="${ids}"`}${isInvalid && html` aria-invalid="true"`}${isFirst && html` autofocus`}`
}

function errorLines({ errors }: AppFormProps, field: AppFormField, text: Text): Html | false {
  const found = errors[field]
  if (!found) return false
  const sentences =
    field === 'redirect_uris' ? found.map((error) => redirectUriSentence(error, text)) : [text.errors[field]]
  return html`<ul class="field-errors small" id="${field}-error" role="list">
    ${sentences.map((sentence) => html`<li>${sentence}</li>`)}
  </ul>`
}

function redirectUriSentence({ reason, line }: AppFormError, { errors, redirectUriReasons }: Text): string {
  const known = findRedirectUriProblem(reason)
  const text = known ? redirectUriReasons[known.problem] : reason
  // Some translations mention a `#` of a URI.
  const filled = known && known.value !== '' ? text.replace('#', () => known.value) : text
  return errors.redirect_uris(filled, line)
}

/** A field for the password of a user whose sign-in is too old. */
export const confirmationField = (
  messages: Messages,
  { hint, isInvalid, isOptional = false }: { hint: string; isInvalid: boolean; isOptional?: boolean },
): Html =>
  passwordField({
    name: 'current_password',
    label: messages.appForm.currentPassword,
    autocomplete: 'current-password',
    reveal: messages.signIn.showPassword,
    isOptional,
    attributes: html` aria-describedby="${isInvalid ? 'problem ' : ''}password-hint"${isInvalid && html` aria-invalid="true" autofocus`}`,
    hint: html`<p class="hint soft small" id="password-hint">${hint}</p>`,
  })

/** Returns whether a problem is about the password. */
export const isPasswordProblem = (problem: AppFormProblem | undefined): boolean =>
  problem?.kind === 'password' || problem?.kind === 'passwordRequired'
