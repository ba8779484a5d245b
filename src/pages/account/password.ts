import { html, type Html } from '../../lib/html.ts'
import { accountLayout } from './account.ts'
import { describedBy, postForm, problemLine } from '../form.ts'
import type { Messages } from '../messages.ts'
import { passwordField } from '../password-field.ts'
import { rejectionText } from '../password-rejection.ts'
import type { PasswordProps } from '../props.ts'
import { revealScript } from '../scripts.ts'
import type { Site } from '../site.ts'
import { hiddenUsernameField } from '../username-field.ts'

type Text = Messages['password']

/** The page where users change their password. */
export function passwordPage(props: PasswordProps, site: Site): Html {
  const text = site.messages.password
  const title = props.problem ? site.messages.titleWithProblem(text.heading) : text.heading
  const content = html`<h1>${text.heading}</h1>
    ${problemLine(problemText(props, text))}
    ${props.isChanged && html`<p class="notice" role="status">${text.changed}</p>`}
    ${postForm(props.change, fields(props, site.messages))} ${revealScript}`
  return accountLayout(site, title, props, content)
}

function problemText({ problem }: PasswordProps, text: Text): string | undefined {
  switch (problem?.kind) {
    case 'rejected':
      return rejectionText(problem.message, text)
    case 'passwordThrottled':
      return text.throttled(problem.seconds)
    case 'password':
      return text.incorrect
    case 'passwordRequired':
      return text.required
    case 'missing':
      return text.missing
    case undefined:
    default:
      return undefined
  }
}

const fields = (props: PasswordProps, { password: text, signIn }: Messages): Html =>
  html`<div class="fields">
    ${hiddenUsernameField(props.email)}
    ${
      props.asksPassword &&
      passwordField({
        name: 'current_password',
        label: text.current,
        autocomplete: 'current-password',
        reveal: signIn.showPassword,
        attributes: description(props, ['password', 'passwordRequired']),
      })
    }
    ${passwordField({
      name: 'new_password',
      label: text.new,
      autocomplete: 'new-password',
      reveal: signIn.showPassword,
      attributes: description(props, ['missing', 'rejected']),
    })}
    <div>
      <label class="check"
        ><input
          type="checkbox"
          name="keep_other_devices"
          value="yes"
          aria-describedby="effect"
          ${props.keepsOtherDevices && html` checked`}
        /><span>${text.keepOtherDevices}</span></label
      >
      <p class="hint soft small" id="effect">${text.effect}</p>
    </div>
    <button class="primary">${text.submit}</button>
  </div>`

type ProblemKind = NonNullable<PasswordProps['problem']>['kind']

const description = ({ problem }: PasswordProps, kinds: readonly ProblemKind[]): Html =>
  describedBy(problem !== undefined, problem !== undefined && kinds.includes(problem.kind))
