import { html, type Html } from '../lib/html.ts'
import { clientIcon } from './client.ts'
import { describedBy, postForm, problemLine } from './form.ts'
import { isolateHost, isolateName } from './isolate.ts'
import { layout } from './layout.ts'
import type { Messages } from './messages.ts'
import { passwordField } from './password-field.ts'
import type { ClientView, SignedInProps, SignInProps } from './props.ts'
import { revealScript } from './scripts.ts'
import type { Site } from './site.ts'
import { usernameField } from './username-field.ts'

/** The sign-in page. The first empty field has the focus. */
export function signInPage(props: SignInProps, site: Site): Html {
  const text = site.messages.signIn
  const title = props.problem ? site.messages.titleWithProblem(text.heading) : text.heading
  const content = html`${props.client !== undefined && props.client.logo !== null && clientIcon(props.client)}
    <h1>${text.heading}</h1>
    ${props.client && clientLine(props.client, text)} ${problemLine(problemText(props, text))}
    ${postForm(props, fields(props, site))} ${signUpLine(site)} ${revealScript}`
  return layout(site, title, content)
}

const clientLine = ({ name, host }: ClientView, text: Messages['signIn']): Html =>
  html`<p class="soft">
    ${text.toContinueTo(isolateName(name), host === null ? undefined : isolateHost(host))}
  </p>`

function problemText({ problem, signInWith }: SignInProps, text: Messages['signIn']): string | undefined {
  if (problem?.kind === 'throttled') return text.throttled(problem.seconds)
  return problem?.kind === 'credentials' ? text.credentials[signInWith] : problem && text.expired
}

const fields = (props: SignInProps, site: Site): Html =>
  html`<div class="fields">
    ${usernameOf(props, site.messages.signIn)} ${passwordOf(props, site.messages.signIn)}
    ${optionsRow(props, site)}
    <button class="primary">${site.messages.signIn.submit}</button>
  </div>`

const usernameOf = (props: SignInProps, text: Messages['signIn']): Html =>
  usernameField(props, text, html`${props.username === '' && html` autofocus`}${description(props)}`)

const passwordOf = (props: SignInProps, text: Messages['signIn']): Html =>
  passwordField({
    name: 'password',
    label: text.password,
    autocomplete: 'current-password',
    reveal: text.showPassword,
    attributes: html`${props.username !== '' && html` autofocus`}${description(props)}`,
  })

/** Both fields are marked, so that the page does not tell which of them was wrong. */
const description = ({ problem }: SignInProps): Html =>
  describedBy(problem !== undefined, problem?.kind === 'credentials')

/** The checkbox that keeps the user signed in, and the link for a forgotten password, if there are any. */
function optionsRow(
  { keepSignedIn, forgotPasswordUrl }: SignInProps,
  { links, messages: { signIn: text } }: Site,
): Html | false {
  const forgotPassword = links.forgotPassword ?? forgotPasswordUrl
  const parts = [
    keepSignedIn !== undefined &&
      html`<label class="check"
        ><input type="checkbox" name="keep_signed_in" value="yes" ${keepSignedIn && html` checked`} /><span
          >${text.keepSignedIn}</span
        ></label
      >`,
    forgotPassword !== undefined && html`<a href="${forgotPassword}">${text.forgotPassword}</a>`,
  ].filter((part) => part !== false)
  return parts.length > 0 && html`<div class="options small">${parts}</div>`
}

const signUpLine = ({ links, messages: { signIn: text } }: Site): Html | undefined =>
  links.signUp === undefined
    ? undefined
    : html`<p class="note soft small">${text.noAccount} <a href="${links.signUp}">${text.signUp}</a></p>`

/** Shown after a sign-in that no client started. */
export function signedInPage({ userName, signOutUrl, accountUrl }: SignedInProps, site: Site): Html {
  const text = site.messages.signedIn
  const content = html`<h1>${text.heading}</h1>
    <p>${text.signedInAs(isolateName(userName))}</p>
    <p class="actions">
      ${accountUrl !== undefined && html`<a class="secondary" href="${accountUrl}">${text.account}</a>`}
      <a class="secondary" href="${signOutUrl}">${text.signOut}</a>
    </p>`
  return layout(site, text.heading, content)
}
