import { html } from '../lib/html.ts'
import type { Html } from '../lib/html.ts'
import { postForm, problemLine } from './form.ts'
import { isolate, isolateName } from './isolate.ts'
import { layout } from './layout.ts'
import type { Site } from './layout.ts'
import { personalTokenItem } from './personal-token.ts'
import type { PersonalTokensProps, ScopeView } from './props.ts'
import type { Words } from './words.ts'

/** The page of a person's own tokens: those that there are, and a form for another one. */
export function personalTokensPage(props: PersonalTokensProps, site: Site): Html {
  const words = site.words.personalTokens
  const title = props.problem ? site.words.titleWithProblem(words.heading) : words.heading
  const content = html`<h1>${words.heading}</h1>
    <p class="soft">${words.advice}</p>
    ${problemLine(sentenceOf(props, words))}
    <h2>${words.yours}</h2>
    ${props.tokens.length === 0 ? html`<p class="soft">${words.none}</p>` : list(props, words)}
    <h2>${words.make}</h2>
    ${postForm(props.create, fields(props, words))}
    <p class="note soft small">
      ${words.signedInAs(isolateName(props.userName))}
      <a href="${props.signOutUrl}">${site.words.signedIn.signOut}</a>
    </p>`
  return layout(site, title, content)
}

const sentenceOf = ({ problem }: PersonalTokensProps, words: Words['personalTokens']): string | undefined =>
  problem && (problem.kind === 'throttled' ? words.throttled(problem.seconds) : words.problems[problem.kind])

const list = ({ tokens }: PersonalTokensProps, words: Words['personalTokens']): Html =>
  html`<ul class="items" role="list">
    ${tokens.map((token) => personalTokenItem(token, words))}
  </ul>`

const fields = (props: PersonalTokensProps, words: Words['personalTokens']): Html =>
  html`<div class="fields">
    ${nameField(props, words)} ${props.scopes.length > 0 && scopeField(props, words)}
    ${lifetimeField(props, words)}
    <button class="primary">${words.submit}</button>
  </div>`

const nameField = ({ typed, problem }: PersonalTokensProps, words: Words['personalTokens']): Html =>
  html`<div>
    <label for="name">${words.name}</label>
    <input
      id="name"
      name="name"
      value="${typed.name}"
      maxlength="255"
      autocomplete="off"
      dir="auto"
      required
      aria-describedby="${problem ? 'problem hint' : 'hint'}"
      ${problem?.kind === 'name' && html` aria-invalid="true"`}
    />
    <p class="hint soft small" id="hint">${words.nameHint}</p>
  </div>`

const scopeField = ({ scopes, typed }: PersonalTokensProps, words: Words['personalTokens']): Html =>
  html`<fieldset>
    <legend>${words.scopes}</legend>
    ${scopes.map((scope) => checkbox(scope, typed.scopes.includes(scope.id)))}
  </fieldset>`

/** Each has a name of its own: a parameter that comes twice is refused. */
const checkbox = ({ id, description }: ScopeView, isChecked: boolean): Html =>
  html`<label class="check"
    ><input type="checkbox" name="scope:${id}" value="on" ${isChecked && html` checked`} /><span
      >${isolate(description)}</span
    ></label
  >`

const lifetimeField = ({ lifetimes, typed }: PersonalTokensProps, words: Words['personalTokens']): Html =>
  html`<div>
    <label for="expires_in">${words.lifetime}</label>
    <select id="expires_in" name="expires_in">
      ${lifetimes.map(
        (seconds) =>
          html`<option value="${seconds}" ${seconds === typed.lifetime && html` selected`}>
            ${words.lifetimeOf(seconds)}
          </option>`,
      )}
    </select>
  </div>`
