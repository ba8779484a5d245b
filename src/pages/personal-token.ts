import { html } from '../lib/html.ts'
import type { Html } from '../lib/html.ts'
import { day, minute } from './date.ts'
import { postForm } from './form.ts'
import { isolate, isolateName } from './isolate.ts'
import type { PersonalTokenView, ScopeView } from './props.ts'
import type { Words } from './words.ts'

/** What a token allows, one line for each scope. */
export const scopeNames = (scopes: readonly ScopeView[], words: Words['personalTokens']): Html =>
  html`<ul class="scopes" role="list">
    ${scopes.length === 0 && html`<li>${words.noScopes}</li>`}
    ${scopes.map(({ id, description }) => html`<li>${id === '*' ? words.everything : isolate(description)}</li>`)}
  </ul>`

/** A token in the list: what it is called, what it allows, since when and how long, and how it is ended. */
export const personalTokenItem = (token: PersonalTokenView, words: Words['personalTokens']): Html =>
  html`<li class="item">
    <h3>${isolateName(token.name)}</h3>
    ${scopeNames(token.scopes, words)}
    <dl class="small">
      <dt>${words.created}</dt>
      <dd>${day(token.createdAt)}</dd>
      <dt>${words.lastUsed}</dt>
      <dd>${token.lastUsedAt === null ? words.never : minute(token.lastUsedAt)}</dd>
      <dt>${words.expires}</dt>
      <dd>${day(token.expiresAt)}</dd>
    </dl>
    ${postForm(
      token.revoke,
      html`<button class="link" aria-label="${words.revokeNamed(token.name)}">${words.revoke}</button>`,
    )}
  </li>`
