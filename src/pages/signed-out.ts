import { html } from '../lib/html.ts'
import type { Html } from '../lib/html.ts'
import { layout } from './layout.ts'
import type { Site } from './layout.ts'
import type { SignedOutProps } from './props.ts'

/** Says that the person is signed out, and how to come back. */
export function signedOutPage({ signInUrl }: SignedOutProps, site: Site): Html {
  const words = site.words.signedOut
  const content = html`<h1>${words.heading}</h1>
    <p>${words.advice}</p>
    <p class="actions"><a class="secondary" href="${signInUrl}">${words.signIn}</a></p>`
  return layout(site, words.heading, content)
}
