import { html, type Html } from '../../lib/html.ts'
import { isolateShort } from '../isolate.ts'
import { brand, documentOf } from '../layout.ts'
import type { AccountProps } from '../props.ts'
import type { Site } from '../site.ts'

/** The document around an account page: who is signed in, the navigation and the content. */
export const accountLayout = (site: Site, title: string, props: AccountProps, content: Html): Html =>
  documentOf(site, title, {
    kind: 'account-page',
    header: html`${brand(site)}
      <div class="user small">
        ${isolateShort(props.userName)} <a href="${props.signOutUrl}">${site.messages.account.signOut}</a>
      </div>`,
    main: html`${navigation(props, site)}
      <main>${content}</main>`,
  })

/** Omitted if there is only one page. */
const navigation = ({ accountPages }: AccountProps, { messages: { account: text } }: Site): Html | false =>
  accountPages.length > 1 &&
  html`<nav aria-label="${text.navigation}">
    <ul role="list">
      ${accountPages.map(
        ({ page, url, isCurrent }) =>
          html`<li>
            <a href="${url}" ${isCurrent && html` aria-current="page"`}>${text.pages[page]}</a>
          </li>`,
      )}
    </ul>
  </nav>`
