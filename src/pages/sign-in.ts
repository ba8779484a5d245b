import { html } from '../lib/html.ts'
import type { Html } from '../lib/html.ts'
import { postForm, problemLine } from './form.ts'
import { isolateHost, isolateName } from './isolate.ts'
import { layout } from './layout.ts'
import type { Site } from './layout.ts'
import type { SignInProps } from './props.ts'
import type { Words } from './words.ts'

/** The sign-in page. The first field that is still empty has the focus; a problem is in the title, announced and described. */
export function signInPage(props: SignInProps, site: Site): Html {
  const words = site.words.signIn
  const title = props.problem ? site.words.titleWithProblem(words.heading) : words.heading
  const content = html`<h1>${words.heading}</h1>
    ${clientLine(props, words)}${problemLine(sentenceOf(props, words))}
    ${postForm(props, fields(props, words))}`
  return layout(site, title, content)
}

const clientLine = ({ client }: SignInProps, words: Words['signIn']): Html | undefined =>
  client && html`<p class="soft">${words.toGoOnTo(isolateName(client.name), isolateHost(client.host))}</p>`

const sentenceOf = ({ problem }: SignInProps, words: Words['signIn']): string | undefined =>
  problem && (problem.kind === 'throttled' ? words.throttled(problem.seconds) : words[problem.kind])

const fields = (props: SignInProps, words: Words['signIn']): Html =>
  html`<div class="fields">
    <div>
      <label for="username">${words.username}</label>
      <input
        id="username"
        name="username"
        value="${props.username}"
        autocomplete="username"
        autocapitalize="none"
        spellcheck="false"
        dir="auto"
        required${focusIf(props.username === '')}${described(props)}
      />
    </div>
    <div>
      <label for="password">${words.password}</label>
      <input
        id="password"
        name="password"
        type="password"
        autocomplete="current-password"
        required${focusIf(props.username !== '')}${described(props)}
      />
    </div>
    <button class="primary">${words.submit}</button>
  </div>`

const focusIf = (hasFocus: boolean): Html | false => hasFocus && html` autofocus`

/** Which of the two was wrong is nobody's business, so both are marked. */
const described = ({ problem }: SignInProps): Html | undefined =>
  problem && html` aria-describedby="problem"${problem.kind === 'credentials' && html` aria-invalid="true"`}`
