import { html, type Html } from '../lib/html.ts'
import type { FormTarget } from './props.ts'

/** The error message of a form, announced by screen readers. Its fields refer to it: see `describedBy`. */
export const problemLine = (sentence: string | undefined): Html | undefined =>
  sentence === undefined ? undefined : html`<p class="problem" id="problem" role="alert">${sentence}</p>`

/** The attributes that tell screen readers of a field's hint, of a problem with its form, and that it is invalid. */
export function describedBy(hasProblem: boolean, isInvalid: boolean, hint?: string): Html {
  const ids = [hasProblem && 'problem', hint].filter(Boolean).join(' ')
  return html`${ids !== '' && html` aria-describedby="${ids}"`}${isInvalid && html` aria-invalid="true"`}`
}

/** A form. Fields outside of it can name its `id` as their `form`. */
export const postForm = (
  { action, hidden, id }: FormTarget & { readonly id?: string },
  content: Html,
): Html =>
  html`<form method="post" action="${action}" ${id !== undefined && html` id="${id}"`}>
    ${Object.entries(hidden).map(hiddenField)}${content}
  </form>`

type Look = 'primary' | 'secondary' | 'danger' | 'link'

/** A form that consists of its button. */
export const buttonForm = (target: Parameters<typeof postForm>[0], label: string, look: Look): Html =>
  postForm(target, html`<button class="${look}">${label}</button>`)

const hiddenField = ([name, value]: [string, string]): Html =>
  html`<input type="hidden" name="${name}" value="${value}" />`
