import { html } from '../lib/html.ts'
import type { Html } from '../lib/html.ts'
import { day, minute } from './date.ts'
import { postForm, problemLine } from './form.ts'
import { isolate, isolateName } from './isolate.ts'
import { layout } from './layout.ts'
import type { Site } from './layout.ts'
import type { PersonalTokensProps, PersonalTokenView, ScopeView } from './props.ts'
import type { Messages } from './messages.ts'

/** The user's personal access tokens, and a form for a new one. */
export function personalTokensPage(props: PersonalTokensProps, site: Site): Html {
  const text = site.messages.personalTokens
  const title = props.problem ? site.messages.titleWithProblem(text.heading) : text.heading
  const content = html`<h1>${text.heading}</h1>
    <p class="soft">${text.advice}</p>
    ${problemLine(problemText(props, text))}
    <h2>${text.yours}</h2>
    ${props.tokens.length === 0 ? html`<p class="soft">${text.none}</p>` : list(props, text)}
    <h2>${text.create}</h2>
    ${postForm(props.create, fields(props, text))}
    <p class="note soft small">
      ${text.signedInAs(isolateName(props.userName))}
      <a href="${props.signOutUrl}">${site.messages.signedIn.signOut}</a>
    </p>`
  return layout(site, title, content)
}

const problemText = (
  { problem }: PersonalTokensProps,
  text: Messages['personalTokens'],
): string | undefined =>
  problem && (problem.kind === 'throttled' ? text.throttled(problem.seconds) : text.problems[problem.kind])

const list = ({ tokens }: PersonalTokensProps, text: Messages['personalTokens']): Html =>
  html`<ul class="items" role="list">
    ${tokens.map((token) => tokenItem(token, text))}
  </ul>`

const fields = (props: PersonalTokensProps, text: Messages['personalTokens']): Html =>
  html`<div class="fields">
    ${nameField(props, text)} ${props.scopes.length > 0 && scopeField(props, text)}
    ${lifetimeField(props, text)}
    <button class="primary">${text.submit}</button>
  </div>`

const nameField = ({ values, problem }: PersonalTokensProps, text: Messages['personalTokens']): Html =>
  html`<div>
    <label for="name">${text.name}</label>
    <input
      id="name"
      name="name"
      value="${values.name}"
      maxlength="255"
      autocomplete="off"
      dir="auto"
      required
      aria-describedby="${problem ? 'problem hint' : 'hint'}"
      ${problem?.kind === 'name' && html` aria-invalid="true"`}
    />
    <p class="hint soft small" id="hint">${text.nameHint}</p>
  </div>`

const scopeField = ({ scopes, values }: PersonalTokensProps, text: Messages['personalTokens']): Html =>
  html`<fieldset>
    <legend>${text.scopes}</legend>
    ${scopes.map((scope) => checkbox(scope, values.scopes.includes(scope.id)))}
  </fieldset>`

/** Each checkbox has its own name: repeated parameters are rejected. */
const checkbox = ({ id, description }: ScopeView, isChecked: boolean): Html =>
  html`<label class="check"
    ><input type="checkbox" name="scope:${id}" value="on" ${isChecked && html` checked`} /><span
      >${isolate(description)}</span
    ></label
  >`

const lifetimeField = ({ lifetimes, values }: PersonalTokensProps, text: Messages['personalTokens']): Html =>
  html`<div>
    <label for="expires_in">${text.lifetime}</label>
    <select id="expires_in" name="expires_in">
      ${lifetimes.map(
        (seconds) =>
          html`<option value="${seconds}" ${seconds === values.lifetime && html` selected`}>
            ${text.lifetimeOf(seconds)}
          </option>`,
      )}
    </select>
  </div>`

const tokenItem = (token: PersonalTokenView, text: Messages['personalTokens']): Html =>
  html`<li class="item">
    <h3>${isolateName(token.name)}</h3>
    ${scopeNames(token.scopes, text)}
    <dl class="small">
      <dt>${text.created}</dt>
      <dd>${day(token.createdAt)}</dd>
      <dt>${text.lastUsed}</dt>
      <dd>${token.lastUsedAt === null ? text.never : minute(token.lastUsedAt)}</dd>
      <dt>${text.expires}</dt>
      <dd>${day(token.expiresAt)}</dd>
    </dl>
    ${postForm(
      token.revoke,
      html`<button class="link" aria-label="${text.revokeNamed(token.name)}">${text.revoke}</button>`,
    )}
  </li>`

/** The permissions of a token. */
export const scopeNames = (scopes: readonly ScopeView[], text: Messages['personalTokens']): Html =>
  html`<ul class="scopes" role="list">
    ${scopes.length === 0 && html`<li>${text.noScopes}</li>`}
    ${scopes.map(({ id, description }) => html`<li>${id === '*' ? text.everything : isolate(description)}</li>`)}
  </ul>`
