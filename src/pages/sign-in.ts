import { html } from '../lib/html.ts'
import type { Html } from '../lib/html.ts'
import { postForm, problemLine } from './form.ts'
import { isolateName } from './isolate.ts'
import { layout } from './layout.ts'
import type { Site } from './layout.ts'
import type { Messages } from './messages.ts'
import type { SignedInProps, SignInProps } from './props.ts'

/** The sign-in page. The first empty field has the focus. */
export function signInPage(props: SignInProps, site: Site): Html {
  const text = site.messages.signIn
  const title = props.problem ? site.messages.titleWithProblem(text.heading) : text.heading
  const content = html`<h1>${text.heading}</h1>
    ${props.client && html`<p class="soft">${text.toContinueTo(isolateName(props.client.name))}</p>`}
    ${problemLine(problemText(props, text))} ${postForm(props, fields(props, text))}`
  return layout(site, title, content)
}

const problemText = ({ problem }: SignInProps, text: Messages['signIn']): string | undefined =>
  problem && (problem.kind === 'throttled' ? text.throttled(problem.seconds) : text[problem.kind])

const fields = (props: SignInProps, text: Messages['signIn']): Html =>
  html`<div class="fields">
    <div>
      <label for="username">${text.username}</label>
      <input
        id="username"
        name="username"
        value="${props.username}"
        autocomplete="username"
        autocapitalize="none"
        spellcheck="false"
        dir="auto"
        required${props.username === '' && html` autofocus`}${description(props)}
      />
    </div>
    <div>
      <label for="password">${text.password}</label>
      <input
        id="password"
        name="password"
        type="password"
        autocomplete="current-password"
        required${props.username !== '' && html` autofocus`}${description(props)}
      />
    </div>
    ${
      props.keepSignedIn !== undefined &&
      html`<label class="checkbox">
        <input type="checkbox" name="keep_signed_in" value="yes" ${props.keepSignedIn && html` checked`} />
        ${text.keepSignedIn}
      </label>`
    }
    <button class="primary">${text.submit}</button>
  </div>`

/** Both fields are marked, so that the page does not tell which of them was wrong. */
const description = ({ problem }: SignInProps): Html | undefined =>
  problem && html` aria-describedby="problem"${problem.kind === 'credentials' && html` aria-invalid="true"`}`

/** Shown after a sign-in that no client started. */
export function signedInPage({ userName, signOutUrl, tokensUrl }: SignedInProps, site: Site): Html {
  const text = site.messages.signedIn
  const content = html`<h1>${text.heading}</h1>
    <p>${text.signedInAs(isolateName(userName))}</p>
    <p class="actions">
      ${tokensUrl !== undefined && html`<a class="secondary" href="${tokensUrl}">${text.tokens}</a>`}
      <a class="secondary" href="${signOutUrl}">${text.signOut}</a>
    </p>`
  return layout(site, text.heading, content)
}
