import { html, type Html } from '../lib/html.ts'
import { isolateIn } from './isolate.ts'
import type { Messages } from './messages.ts'
import type { ConsentScopeView } from './props.ts'

/** The ID of the form that allows access. The checkboxes are outside of it. */
export const APPROVE_FORM = 'approve'

type Scopes = readonly ConsentScopeView[]

/** What a client asks for. If the user has allowed a part of it before, that part comes last. */
export function requestedScopes(client: Html, scopes: Scopes, messages: Messages): Html {
  const { consent: text } = messages
  const granted = scopes.filter(({ isGranted }) => isGranted)
  const added = scopes.filter(({ isGranted }) => !isGranted)
  if (scopes.length === 0) return html`<p class="asks">${text.wantsIdentity(client)}</p>`
  if (added.length === 0 || granted.length === 0) return scopesAsked(text.wantsTo(client), scopes, messages)
  return html`${scopesAsked(text.alsoWantsTo(client), added, messages)}
    <details class="granted">
      <summary>${text.alreadyAllowed(granted.length)}</summary>
      <ul class="scopes" role="list">
        ${granted.map((scope) => item(scope, messages))}
      </ul>
    </details>`
}

const scopesAsked = (lead: Html, scopes: Scopes, messages: Messages): Html =>
  scopes.some(({ isOptional }) => isOptional)
    ? choices(lead, scopes, messages)
    : html`<p class="asks" id="asks">${lead}</p>
        <ul class="scopes" role="list" aria-labelledby="asks">
          ${scopes.map((scope) => item(scope, messages))}
        </ul>`

const item = (scope: ConsentScopeView, messages: Messages): Html =>
  html`<li>${describe(scope, messages)}</li>`

const describe = ({ description, lang }: ConsentScopeView, messages: Messages): Html =>
  isolateIn(description, lang, messages.lang)

/** A checkbox for each scope. All are checked at first, and required ones stay checked. */
const choices = (lead: Html, scopes: Scopes, messages: Messages): Html =>
  html`<fieldset class="choices" aria-describedby="uncheck">
    <legend class="asks">${lead}</legend>
    <div class="scopes">${scopes.map((scope) => choice(scope, messages))}</div>
    <p class="hint soft small" id="uncheck">${messages.consent.uncheck}</p>
  </fieldset>`

/** Each checkbox has its own name: repeated parameters are rejected. */
const choice = (scope: ConsentScopeView, messages: Messages): Html =>
  html`<label class="check"
    ><input
      type="checkbox"
      ${scope.isOptional ? html` name="scope:${scope.id}" value="on" form="${APPROVE_FORM}"` : html` disabled`}
      checked
    /><span
      >${describe(scope, messages)}${!scope.isOptional && html` <span class="soft">(${messages.consent.required})</span>`}</span
    ></label
  >`
