import { html, type Html } from '../../lib/html.ts'
import { day, minute } from '../date.ts'
import { accountLayout } from './account.ts'
import { buttonForm, describedBy, postForm, problemLine } from '../form.ts'
import { isolateIn, isolateName } from '../isolate.ts'
import { layout } from '../layout.ts'
import type { Messages } from '../messages.ts'
import { passwordField } from '../password-field.ts'
import type { PersonalTokensProps, PersonalTokenView, RevokePersonalTokenProps, ScopeView } from '../props.ts'
import { revealScript } from '../scripts.ts'
import type { Site } from '../site.ts'

type Text = Messages['personalTokens']

/** The user's personal access tokens, and a form for a new one. */
export function personalTokensPage(props: PersonalTokensProps, site: Site): Html {
  const text = site.messages.personalTokens
  const title = props.problem ? site.messages.titleWithProblem(text.heading) : text.heading
  const content = html`<h1>${text.heading}</h1>
    <p class="soft">${text.advice}</p>
    ${problemLine(problemText(props, text))} ${revokedLine(props, text)}
    <h2 id="tokens">${text.yours}</h2>
    ${props.tokens.length === 0 ? html`<p class="empty soft">${text.none}</p>` : table(props, site.messages)}
    <h2>${text.create}</h2>
    ${createForm(props, site)} ${props.asksPassword && revealScript}`
  return accountLayout(site, title, props, content)
}

/** A link to the app instead, if its users must sign in again there first. */
function createForm(props: PersonalTokensProps, site: Site): Html {
  const { signInAgain } = site.messages.personalTokens
  if (props.signInAgainUrl === undefined) return postForm(props.create, fields(props, site))
  return html`<p>${signInAgain.advice}</p>
    <p class="actions"><a class="primary" href="${props.signInAgainUrl}">${signInAgain.submit}</a></p>`
}

function problemText({ problem }: PersonalTokensProps, text: Text): string | undefined {
  if (problem === undefined) return undefined
  return 'seconds' in problem ? text[problem.kind](problem.seconds) : text.problems[problem.kind]
}

const revokedLine = ({ revoked }: PersonalTokensProps, text: Text): Html | undefined =>
  revoked === undefined
    ? undefined
    : html`<p class="notice" role="status">${text.revoked(isolateName(revoked))}</p>`

/** The roles are explicit, because a narrow screen shows each row as a card, and browsers then drop them. */
const table = ({ tokens }: PersonalTokensProps, messages: Messages): Html => {
  const text = messages.personalTokens
  return html`<table class="tokens" role="table" aria-labelledby="tokens">
    <thead role="rowgroup">
      <tr role="row">
        <th role="columnheader" scope="col">${text.name}</th>
        <th role="columnheader" scope="col">${text.scopes}</th>
        <th role="columnheader" scope="col">${text.created}</th>
        <th role="columnheader" scope="col">${text.lastUsed}</th>
        <th role="columnheader" scope="col">${text.expires}</th>
        <td role="cell"></td>
      </tr>
    </thead>
    <tbody role="rowgroup">
      ${tokens.map((token) => row(token, messages))}
    </tbody>
  </table>`
}

const row = (token: PersonalTokenView, messages: Messages): Html => {
  const { personalTokens: text, formats } = messages
  return html`<tr role="row">
    <th role="rowheader" scope="row">${isolateName(token.name)}</th>
    <td role="cell" data-label="${text.scopes}">${compactScopeList(token.scopes, messages)}</td>
    <td role="cell" data-label="${text.created}">${day(token.createdAt, formats)}</td>
    <td role="cell" data-label="${text.lastUsed}">
      ${token.lastUsedAt === null ? text.never : minute(token.lastUsedAt, formats)}
    </td>
    <td role="cell" data-label="${text.expires}">${day(token.expiresAt, formats)}</td>
    <td role="cell">
      <a class="secondary" href="${token.revokeUrl}" aria-label="${text.revokeNamed(token.name)}"
        >${text.revoke}</a
      >
    </td>
  </tr>`
}

/** Keeps the row of a token or an app with many permissions low. */
export const compactScopeList = (scopes: readonly ScopeView[], messages: Messages): Html =>
  scopes.length <= 3
    ? scopeList(scopes, messages)
    : html`<details>
        <summary>${messages.personalTokens.scopeCount(scopes.length)}</summary>
        ${scopeList(scopes, messages)}
      </details>`

/** The permissions of a token. */
export const scopeList = (scopes: readonly ScopeView[], { personalTokens: text, lang }: Messages): Html =>
  html`<ul role="list">
    ${scopes.length === 0 && html`<li>${text.noScopes}</li>`}
    ${scopes.map((scope) => html`<li>${scope.id === '*' ? text.everything : isolateIn(scope.description, scope.lang, lang)}</li>`)}
  </ul>`

function fields(props: PersonalTokensProps, site: Site): Html {
  const text = site.messages.personalTokens
  return html`<div class="fields">
    ${nameField(props, text)} ${lifetimeField(props, text)}
    ${props.scopes.length > 0 && scopeField(props, site.messages)}
    ${props.asksPassword && currentPassword(props, site.messages)}
    <button class="primary">${text.submit}</button>
  </div>`
}

const currentPassword = ({ problem }: PersonalTokensProps, { personalTokens, signIn }: Messages): Html =>
  passwordField({
    name: 'current_password',
    label: personalTokens.currentPassword,
    autocomplete: 'current-password',
    reveal: signIn.showPassword,
    attributes: describedBy(problem !== undefined, problem?.kind === 'password', 'password-hint'),
    hint: html`<p class="hint soft small" id="password-hint">${personalTokens.currentPasswordHint}</p>`,
  })

const nameField = ({ values, problem }: PersonalTokensProps, text: Text): Html =>
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
      ${describedBy(problem !== undefined, problem?.kind === 'name', 'hint')}
    />
    <p class="hint soft small" id="hint">${text.nameHint}</p>
  </div>`

const lifetimeField = ({ lifetimes, values }: PersonalTokensProps, text: Text): Html =>
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

const scopeField = (
  { scopes, values }: PersonalTokensProps,
  { personalTokens: text, lang }: Messages,
): Html =>
  html`<fieldset>
    <legend>${text.scopes}</legend>
    <div class="checks">
      ${scopes.map((scope) => checkbox(scope, values.scopes.includes(scope.id), lang))}
    </div>
  </fieldset>`

/** Each checkbox has its own name: repeated parameters are rejected. */
const checkbox = ({ id, description, lang }: ScopeView, isChecked: boolean, pageLang: string): Html =>
  html`<label class="check"
    ><input type="checkbox" name="scope:${id}" value="on" ${isChecked && html` checked`} /><span
      >${isolateIn(description, lang, pageLang)}</span
    ></label
  >`

/** Asks before revoking a token. */
export function revokePersonalTokenPage(props: RevokePersonalTokenProps, site: Site): Html {
  const text = site.messages.revokePersonalToken
  const content = html`<h1>${text.heading}</h1>
    <p>${text.effect(isolateName(props.name))}</p>
    <div class="actions pair">
      ${buttonForm(props.revoke, text.submit, 'danger')}
      <a class="secondary" href="${props.tokensUrl}">${text.cancel}</a>
    </div>`
  return layout(site, text.heading, content)
}
