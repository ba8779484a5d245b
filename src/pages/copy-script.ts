import crypto from 'node:crypto'
import { trustedMarkup } from '../lib/html.ts'

/** Shows the button that copies, which is hidden where this does not run, and says how it went. */
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

/** The script of the one page that has any. */
export const copyScript = trustedMarkup(`<script type="module">${COPY}</script>`)

/** The script as a source of a Content-Security-Policy (CSP Level 3 section 2.3.1). */
export const COPY_SOURCE = `'sha256-${crypto.hash('sha256', COPY, 'base64')}'`
