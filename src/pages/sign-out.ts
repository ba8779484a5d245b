import { html } from '../lib/html.ts'
import type { Html } from '../lib/html.ts'
import { buttonForm } from './form.ts'
import { isolateName } from './isolate.ts'
import { layout } from './layout.ts'
import type { Site } from './layout.ts'
import type { SignOutProps } from './props.ts'

/** Asks before signing out, since a mere link from elsewhere must not do it. */
export function signOutPage(props: SignOutProps, site: Site): Html {
  const words = site.words.signOut
  const content = html`<h1>${words.heading}</h1>
    <p>${words.signedInAs(isolateName(props.userName))}</p>
    <div class="actions">${buttonForm(props, words.submit, 'primary')}</div>`
  return layout(site, words.heading, content)
}
