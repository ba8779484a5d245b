import { createHash } from 'node:crypto'
import { trustedMarkup } from '../lib/html.ts'

// The pages work without scripts. Each script shows the button that it serves, which is hidden without it.

/** Copies the text of an element, and tells whether that worked. */
const COPY = `
const button = document.querySelector('[data-copies]')
const status = button.parentElement.querySelector('[role=status]')
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

/**
 * Replaces the text field for a logo by a button that chooses an image. One that is too large, or of another type, is drawn
 * smaller. The field still has the value that is sent.
 */
const LOGO = `
const picker = document.querySelector('[data-picks]')
const field = document.getElementById(picker.dataset.picks)
const [file, preview, remove, status] = ['input', 'img', 'button', '[role=status]'].map((what) => picker.querySelector(what))
const MAX = 32768
const show = (uri) => {
  field.value = uri
  preview.src = uri
  preview.hidden = remove.hidden = uri === ''
  status.textContent = ''
}
const read = (blob) => new Promise((resolve, reject) => {
  const reader = new FileReader()
  reader.onload = () => resolve(reader.result)
  reader.onerror = reject
  reader.readAsDataURL(blob)
})
const draw = (image, side) => {
  const scale = Math.min(1, side / Math.max(image.width, image.height))
  const canvas = document.createElement('canvas')
  canvas.width = Math.max(1, Math.round(image.width * scale))
  canvas.height = Math.max(1, Math.round(image.height * scale))
  canvas.getContext('2d').drawImage(image, 0, 0, canvas.width, canvas.height)
  return canvas.toDataURL('image/webp', 0.9)
}
const fits = (uri) => uri.length <= MAX && /^data:image\\/(png|jpeg|gif|webp|avif);/.test(uri)
const convert = async (chosen) => {
  const uri = await read(chosen)
  if (fits(uri)) return uri
  const image = await createImageBitmap(chosen)
  return [256, 128, 64].map((side) => draw(image, side)).find(fits) ?? uri
}
file.addEventListener('change', async () => {
  const [chosen] = file.files
  if (!chosen) return
  file.value = ''
  try {
    const uri = await convert(chosen)
    if (fits(uri)) show(uri)
    else status.textContent = status.dataset.large
  } catch {
    status.textContent = status.dataset.unreadable
  }
})
remove.addEventListener('click', () => {
  show('')
  file.focus()
})
field.parentElement.hidden = true
picker.hidden = false
`

const script = (text: string) => trustedMarkup(`<script type="module">${text}</script>`)

export const copyScript = script(COPY)
export const revealScript = script(REVEAL)
export const logoScript = script(LOGO)

/** A script as a source of a Content-Security-Policy (CSP Level 3 section 2.3.1). */
const sourceOf = (text: string): string => `'sha256-${createHash('sha256').update(text).digest('base64')}'`

export const COPY_SOURCE = sourceOf(COPY)
export const REVEAL_SOURCE = sourceOf(REVEAL)
export const LOGO_SOURCE = sourceOf(LOGO)
