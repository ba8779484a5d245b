import { html, type Html } from '../lib/html.ts'
import { clientDetails, clientIcon } from './client.ts'
import { accountBox, decisionButtons, requestedResources, revocationNote } from './consent.ts'
import { describedBy, postForm, problemLine } from './form.ts'
import { isolateHost, isolateName } from './isolate.ts'
import { layout } from './layout.ts'
import type { Messages } from './messages.ts'
import type { DeviceCodeProps, DeviceConsentProps, DeviceDoneProps } from './props.ts'
import { requestedScopes } from './requested-scopes.ts'
import type { Site } from './site.ts'

/**
 * The page where users enter the code of a device. A code from the URL is there to be compared, so nothing has the
 * focus then.
 */
export function deviceCodePage(props: DeviceCodeProps, site: Site): Html {
  const text = site.messages.deviceCode
  const title = props.problem ? site.messages.titleWithProblem(text.heading) : text.heading
  const content = html`<h1>${text.heading}</h1>
    <p class="soft">${text.advice}</p>
    ${problemLine(problemText(props, text))} ${postForm(props, codeField(props, text))}`
  return layout(site, title, content)
}

const problemText = ({ problem }: DeviceCodeProps, text: Messages['deviceCode']): string | undefined =>
  problem && (problem.kind === 'throttled' ? text.throttled(problem.seconds) : text[problem.kind])

const codeField = ({ userCode, problem }: DeviceCodeProps, text: Messages['deviceCode']): Html =>
  html`<div class="fields">
    <div>
      <label for="user_code">${text.label}</label>
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
        required${(userCode === '' || problem !== undefined) && html` autofocus`}
        ${describedBy(problem !== undefined, problem?.kind === 'incorrect', 'hint')}
      />
      <p class="hint soft small" id="hint">${text.hint}</p>
    </div>
    <button class="primary">${text.submit}</button>
  </div>`

/**
 * The page that asks whether to allow a device. It shows the code first: only the user can tell whose device shows it
 * (RFC 8628 section 5.4). Nothing has the focus, so pressing Enter does not allow anything.
 */
export function deviceConsentPage(props: DeviceConsentProps, site: Site): Html {
  const { consent, deviceConsent: text } = site.messages
  const { client } = props
  const content = html`${clientIcon(client)}
    <h1>${text.heading}</h1>
    ${codeBox(props, text)} ${requestedScopes(isolateName(client.name), props.scopes, site.messages)}
    ${requestedResources(props.resources, consent)} ${accountBox(props, consent)}
    <p class="note small">${text.warning(html`<strong>${consent.deny}</strong>`)}</p>
    ${decisionButtons(props, consent)} ${revocationNote(props, site)} ${clientDetails(client, site)}`
  return layout(site, text.heading, content)
}

const codeBox = ({ userCode, address }: DeviceConsentProps, text: Messages['deviceConsent']): Html =>
  html`<div class="device">
    <p>${text.compare}</p>
    <p class="code" dir="ltr">${userCode}</p>
    ${address !== '' && html`<p class="soft small">${text.requestedFrom(isolateHost(address))}</p>`}
  </div>`

/** The result: the device continues by itself. */
export function deviceDonePage({ client, decision }: DeviceDoneProps, site: Site): Html {
  const text = site.messages.deviceDone
  const name = isolateName(client.name)
  const content = html`${decision === 'approved' && SUCCESS}
    <h1>${text[decision]}</h1>
    <p>${decision === 'approved' ? text.connected(name) : text.notConnected(name)}</p>`
  return layout(site, text[decision], content)
}

const SUCCESS = html`<span class="icon success" aria-hidden="true"></span>`
