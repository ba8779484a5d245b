import { html } from '../lib/html.ts'
import type { Html } from '../lib/html.ts'
import type { HiddenFields } from './props.ts'

/** Where a form posts to, and what it sends back unaltered. */
export interface FormTarget {
  readonly action: string
  readonly hidden: HiddenFields
}

/** What went wrong with a form: announced, and what its fields are described by. Nothing where all is well. */
export const problemLine = (sentence: string | undefined): Html | undefined =>
  sentence === undefined ? undefined : html`<p class="problem" id="problem" role="alert">${sentence}</p>`

/** A form that posts: the hidden fields first, then what is given. */
export const postForm = ({ action, hidden }: FormTarget, content: Html): Html =>
  html`<form method="post" action="${action}">${Object.entries(hidden).map(hiddenField)}${content}</form>`

/** A form that is nothing but its button; `look` is a class of the style sheet. */
export const buttonForm = (target: FormTarget, label: string, look: 'primary' | 'secondary' | 'link'): Html =>
  postForm(target, html`<button class="${look}">${label}</button>`)

const hiddenField = ([name, value]: [string, string]): Html =>
  html`<input type="hidden" name="${name}" value="${value}" />`
