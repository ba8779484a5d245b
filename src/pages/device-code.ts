import { html } from '../lib/html.ts'
import type { Html } from '../lib/html.ts'
import { postForm, problemLine } from './form.ts'
import { layout } from './layout.ts'
import type { Site } from './layout.ts'
import type { DeviceCodeProps } from './props.ts'
import type { Words } from './words.ts'

/** The page that asks for a device's code. A code that came with the address is there to be compared, so nothing has the focus then. */
export function deviceCodePage(props: DeviceCodeProps, site: Site): Html {
  const words = site.words.deviceCode
  const title = props.problem ? site.words.titleWithProblem(words.heading) : words.heading
  const content = html`<h1>${words.heading}</h1>
    <p class="soft">${words.advice}</p>
    ${problemLine(sentenceOf(props, words))} ${postForm(props, fields(props, words))}`
  return layout(site, title, content)
}

const sentenceOf = ({ problem }: DeviceCodeProps, words: Words['deviceCode']): string | undefined =>
  problem && (problem.kind === 'throttled' ? words.throttled(problem.seconds) : words[problem.kind])

const fields = ({ userCode, problem }: DeviceCodeProps, words: Words['deviceCode']): Html =>
  html`<div class="fields">
    <div>
      <label for="user_code">${words.label}</label>
      <input
        class="code"
        id="user_code"
        name="user_code"
        value="${userCode}"
        autocomplete="off"
        autocapitalize="characters"
        autocorrect="off"
        spellcheck="false"
        inputmode="text"
        maxlength="32"
        dir="ltr"
        required
        aria-describedby="${problem ? 'problem hint' : 'hint'}"
        ${focusIf(userCode === '' || problem)}${invalidIf(problem)}
      />
      <p class="hint soft small" id="hint">${words.hint}</p>
    </div>
    <button class="primary">${words.submit}</button>
  </div>`

const focusIf = (reason: unknown): Html | false => Boolean(reason) && html` autofocus`

const invalidIf = (problem: DeviceCodeProps['problem']): Html | false =>
  problem?.kind === 'incorrect' && html` aria-invalid="true"`
