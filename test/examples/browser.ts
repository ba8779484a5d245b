import { formsIn } from '../support/html-form.ts'

/** A minimal browser for signing in: cookies, forms, and redirects between sites. */
export interface Browser {
  /** Opens a page, following redirects. */
  open(url: string): Promise<Page>
  /** Submits the form with this button: its hidden fields, and the values in `typed`. */
  submit(page: Page, button: string, typed?: Readonly<Record<string, string>>): Promise<Page>
}

/** The page after the last redirect. */
export interface Page {
  readonly url: string
  readonly status: number
  readonly text: string
  readonly headers: Headers
}

/** Opens a browser without cookies. */
export function openBrowser(): Browser {
  const cookies = new Map<string, string>()
  async function request(url: string, body?: URLSearchParams): Promise<Page> {
    const cookie = [...cookies].map(([name, value]) => `${name}=${value}`).join('; ')
    const init = { headers: { cookie }, redirect: 'manual' as const }
    const post = { method: 'POST', body, headers: { cookie, origin: new URL(url).origin } }
    const answer = await fetch(url, body ? { ...init, ...post } : init)
    for (const line of answer.headers.getSetCookie()) {
      const [, name = '', value = ''] = /^([^=]+)=([^;]*)/.exec(line) ?? []
      cookies.set(name, value)
    }
    const location = answer.headers.get('location')
    if (location !== null) return request(new URL(location, url).href)
    return { url, status: answer.status, text: await answer.text(), headers: answer.headers }
  }
  return {
    open: (url) => request(url),
    submit(page, button, typed = {}) {
      const form = formsIn(page.text).find(({ label }) => label === button)
      if (!form) throw new Error(`There is no button ${button} on:\n${page.text}`)
      return request(new URL(form.action, page.url).href, new URLSearchParams({ ...form.fields, ...typed }))
    },
  }
}
