import { html, type Html } from '../lib/html.ts'
import { isolateName } from './isolate.ts'
import { layout } from './layout.ts'
import type { SignInAgainProps } from './props.ts'
import type { Site } from './site.ts'

/** Shown to users who return from the app's sign-in page without a sign-in that the server accepts. */
export function signInAgainPage({ problem, userName, continueUrl }: SignInAgainProps, site: Site): Html {
  const text = site.messages.signInAgain
  const heading = text.heading[problem]
  const content = html`<h1>${heading}</h1>
    <p class="asks">${text.advice[problem]}</p>
    ${userName !== undefined && html`<p>${text.signedInAs(isolateName(userName))}</p>`}
    <p class="actions"><a class="primary" href="${continueUrl}">${text.submit[problem]}</a></p>`
  return layout(site, heading, content)
}
