import { html, type Html } from '../lib/html.ts'
import { describedBy, postForm, problemLine } from './form.ts'
import { layout } from './layout.ts'
import { passwordField } from './password-field.ts'
import { rejectionText } from './password-rejection.ts'
import type {
  ForgotPasswordProps,
  ForgotPasswordSentProps,
  InvalidResetLinkProps,
  PasswordResetProps,
  ResetPasswordProps,
} from './props.ts'
import { revealScript } from './scripts.ts'
import type { Site } from './site.ts'
import { hiddenUsernameField, usernameField } from './username-field.ts'

/** The page where users ask for a link. */
export function forgotPasswordPage(props: ForgotPasswordProps, site: Site): Html {
  const { forgotPassword: text, signIn } = site.messages
  const title = props.problem ? site.messages.titleWithProblem(text.heading) : text.heading
  const content = html`<h1>${text.heading}</h1>
    <p class="soft">${text.advice[props.signInWith]}</p>
    ${problemLine(props.problem && text.expired)}
    ${postForm(
      props,
      html`<div class="fields">
        ${usernameField(props, signIn, html` autofocus${describedBy(props.problem !== undefined, false)}`)}
        <button class="primary">${text.submit}</button>
      </div>`,
    )}
    ${signInLine(props, text.back)}`
  return layout(site, title, content)
}

/** The page after that. It does not tell whether the user exists. */
export function forgotPasswordSentPage(props: ForgotPasswordSentProps, site: Site): Html {
  const text = site.messages.forgotPassword
  const content = html`<h1>${text.sentHeading}</h1>
    <p>${text.sent(props.lifetime)}</p>
    <p class="soft">${text.notReceived}</p>
    ${signInLine(props, text.back)}`
  return layout(site, text.sentHeading, content)
}

/** The page of a link, with a field for the new password. */
export function resetPasswordPage(props: ResetPasswordProps, site: Site): Html {
  const { resetPassword: text, password, signIn } = site.messages
  const title = props.problem ? site.messages.titleWithProblem(text.heading) : text.heading
  const { problem } = props
  const content = html`<h1>${text.heading}</h1>
    ${problemLine(problemText(props, site))}
    ${postForm(
      props,
      html`<div class="fields">
        ${hiddenUsernameField(props.email)}
        ${passwordField({
          name: 'new_password',
          label: password.new,
          autocomplete: 'new-password',
          reveal: signIn.showPassword,
          attributes: html` autofocus${describedBy(problem !== undefined, problem !== undefined && problem.kind !== 'expired', 'effect')}`,
          hint: html`<p class="hint soft small" id="effect">${text.effect}</p>`,
        })}
        <button class="primary">${text.submit}</button>
      </div>`,
    )}
    ${revealScript}`
  return layout(site, title, content)
}

function problemText(
  { problem }: ResetPasswordProps,
  { messages: { forgotPassword, password } }: Site,
): string | undefined {
  if (problem?.kind === 'rejected') return rejectionText(problem.message, password)
  return problem?.kind === 'missing' ? password.missing : problem && forgotPassword.expired
}

/** The page of a link that cannot be used. */
export function invalidResetLinkPage({ forgotPasswordUrl }: InvalidResetLinkProps, site: Site): Html {
  const text = site.messages.invalidResetLink
  const content = html`<h1>${text.heading}</h1>
    <p>${text.advice}</p>
    <p class="actions"><a class="primary" href="${forgotPasswordUrl}">${text.again}</a></p>`
  return layout(site, text.heading, content)
}

/** The page after the password was reset. */
export function passwordResetPage({ signInUrl }: PasswordResetProps, site: Site): Html {
  const text = site.messages.passwordReset
  const content = html`<h1>${text.heading}</h1>
    <p>${text.advice}</p>
    ${
      signInUrl !== undefined &&
      html`<p class="actions"><a class="primary" href="${signInUrl}">${text.signIn}</a></p>`
    }`
  return layout(site, text.heading, content)
}

const signInLine = ({ signInUrl }: { readonly signInUrl?: string }, label: string): Html | false =>
  signInUrl !== undefined && html`<p class="note soft small"><a href="${signInUrl}">${label}</a></p>`
