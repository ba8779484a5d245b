import { html, type Html } from '../lib/html.ts'
import { buttonForm } from './form.ts'
import { isolateName } from './isolate.ts'
import { layout } from './layout.ts'
import type { Site } from './site.ts'
import type { SignedOutProps, SignOutProps } from './props.ts'

/** Asks before signing out: a link on another site must not sign users out. */
export function signOutPage(props: SignOutProps, site: Site): Html {
  const text = site.messages.signOut
  const content = html`<h1>${text.heading}</h1>
    <p>${text.signedInAs(isolateName(props.userName))}</p>
    <div class="actions">${buttonForm(props, text.submit, 'primary')}</div>`
  return layout(site, text.heading, content)
}

export function signedOutPage({ signInUrl }: SignedOutProps, site: Site): Html {
  const text = site.messages.signedOut
  const content = html`<h1>${text.heading}</h1>
    <p>${text.advice}</p>
    <p class="actions"><a class="secondary" href="${signInUrl}">${text.signIn}</a></p>`
  return layout(site, text.heading, content)
}
