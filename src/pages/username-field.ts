import { html, type Html } from '../lib/html.ts'
import type { Messages } from './messages.ts'
import type { SignInProps } from './props.ts'

/** Returns the field for the name that a user signs in with. `attributes` start with a space. */
export const usernameField = (
  { signInWith, username }: Pick<SignInProps, 'signInWith' | 'username'>,
  text: Messages['signIn'],
  attributes?: Html,
): Html =>
  html`<div>
    <label for="username">${text.username[signInWith]}</label>
    <input
      id="username"
      name="username"
      value="${username}"
      autocomplete="username"
      autocapitalize="none"
      autocorrect="off"
      spellcheck="false"
      ${signInWith === 'email' && html`inputmode="email"`}
      dir="auto"
      required${attributes}
    />
  </div>`

/** Returns an invisible field that tells password managers whose password a form is about. */
export const hiddenUsernameField = (email: string | undefined): Html | false =>
  email !== undefined &&
  html`<input
    name="username"
    value="${email}"
    autocomplete="username"
    aria-hidden="true"
    tabindex="-1"
    hidden
  />`
