import { createHash } from 'node:crypto'
import { trustedMarkup } from '../lib/html.ts'

// The pages work without scripts. Each script shows the button that it serves, which is hidden without it.

/** Copies the text of an element, and tells whether that worked. */
const COPY = `
const button = document.querySelector('[data-copies]')
const status = document.querySelector('[role=status]')
if (navigator.clipboard) button.hidden = false
button.addEventListener('click', () => {
  const text = document.getElementById(button.dataset.copies).textContent
  navigator.clipboard.writeText(text).then(
    () => { status.textContent = status.dataset.copied },
    () => { status.textContent = status.dataset.failed },
  )
})
`

/** Shows and hides passwords. They are hidden again before the form is sent, so that browsers do not remember them as text. */
const REVEAL = `
for (const button of document.querySelectorAll('.reveal')) {
  const field = document.getElementById(button.getAttribute('aria-controls'))
  const show = (isShown) => {
    field.type = isShown ? 'text' : 'password'
    button.setAttribute('aria-pressed', String(isShown))
  }
  button.hidden = false
  button.addEventListener('click', () => {
    show(field.type === 'password')
    field.focus()
  })
  field.form.addEventListener('submit', () => show(false))
}
`

const script = (text: string) => trustedMarkup(`<script type="module">${text}</script>`)

export const copyScript = script(COPY)
export const revealScript = script(REVEAL)

/** A script as a source of a Content-Security-Policy (CSP Level 3 section 2.3.1). */
const sourceOf = (text: string): string => `'sha256-${createHash('sha256').update(text).digest('base64')}'`

export const COPY_SOURCE = sourceOf(COPY)
export const REVEAL_SOURCE = sourceOf(REVEAL)
