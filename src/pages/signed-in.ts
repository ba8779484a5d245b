import { html } from '../lib/html.ts'
import type { Html } from '../lib/html.ts'
import { isolateName } from './isolate.ts'
import { layout } from './layout.ts'
import type { Site } from './layout.ts'
import type { SignedInProps } from './props.ts'

/** Where a sign-in ends that no client started. */
export function signedInPage({ userName, signOutUrl, tokensUrl }: SignedInProps, site: Site): Html {
  const words = site.words.signedIn
  const content = html`<h1>${words.heading}</h1>
    <p>${words.signedInAs(isolateName(userName))}</p>
    <p class="actions">
      ${tokensUrl !== undefined && html`<a class="secondary" href="${tokensUrl}">${words.tokens}</a>`}
      <a class="secondary" href="${signOutUrl}">${words.signOut}</a>
    </p>`
  return layout(site, words.heading, content)
}
