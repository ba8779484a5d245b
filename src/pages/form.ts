import { html } from '../lib/html.ts'
import type { Html } from '../lib/html.ts'
import type { HiddenFields } from './props.ts'

/** Where a form posts to, and the hidden fields it sends back unchanged. */
export interface FormTarget {
  readonly action: string
  readonly hidden: HiddenFields
}

/** The error message of a form, announced by screen readers. Fields refer to it by `aria-describedby="problem"`. */
export const problemLine = (sentence: string | undefined): Html | undefined =>
  sentence === undefined ? undefined : html`<p class="problem" id="problem" role="alert">${sentence}</p>`

export const postForm = ({ action, hidden }: FormTarget, content: Html): Html =>
  html`<form method="post" action="${action}">${Object.entries(hidden).map(hiddenField)}${content}</form>`

/** A form that consists of its button. */
export const buttonForm = (target: FormTarget, label: string, look: 'primary' | 'secondary' | 'link'): Html =>
  postForm(target, html`<button class="${look}">${label}</button>`)

const hiddenField = ([name, value]: [string, string]): Html =>
  html`<input type="hidden" name="${name}" value="${value}" />`
