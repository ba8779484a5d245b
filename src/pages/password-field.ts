import { html, type Html } from '../lib/html.ts'

/** A field for a password. */
export interface PasswordField {
  /** The id and the name of the field. */
  readonly name: string
  readonly label: string
  readonly autocomplete: 'current-password' | 'new-password'
  /** The name of the button that shows the password. */
  readonly reveal: string
  /** Further attributes of the field, with a space in front. */
  readonly attributes?: Html
  /** Whether the form can be sent without it. Default false. */
  readonly isOptional?: boolean
  /** The line below the field. */
  readonly hint?: Html
}

/** Returns a labeled field for a password. The button that shows the password stays hidden unless the script runs. */
export const passwordField = ({
  name,
  label,
  autocomplete,
  reveal,
  attributes,
  isOptional = false,
  hint,
}: PasswordField): Html =>
  html`<div>
    <label for="${name}">${label}</label>
    <div class="password">
      <input
        id="${name}"
        name="${name}"
        type="password"
        autocomplete="${autocomplete}"
        autocapitalize="none"
        autocorrect="off"
        spellcheck="false"
        ${!isOptional && html` required`}${attributes}
      />
      <button
        class="reveal"
        type="button"
        aria-controls="${name}"
        aria-pressed="false"
        aria-label="${reveal}"
        title="${reveal}"
        hidden
      >
        ${EYE}
      </button>
    </div>
    ${hint}
  </div>`

const EYE = html`<svg viewBox="0 0 24 24" width="20" height="20" aria-hidden="true" focusable="false">
  <path d="M2.5 12S6 5.5 12 5.5 21.5 12 21.5 12 18 18.5 12 18.5 2.5 12 2.5 12Z" />
  <circle cx="12" cy="12" r="3" />
  <path class="slash" d="M4 4l16 16" />
</svg>`
