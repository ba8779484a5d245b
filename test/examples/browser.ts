/** As much of a browser as signing in takes: cookies, redirects followed one at a time, forms. */
export interface Browser {
  /** Follows a link, and the redirects after it, to a page. */
  open(url: string): Promise<Page>
  /** Sends the form with this button, its hidden fields and what was typed. */
  submit(page: Page, button: string, typed?: Readonly<Record<string, string>>): Promise<Page>
}

/** What was shown at the end of the redirects. */
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
    const answer = await fetch(url, body ? { ...init, method: 'POST', body } : init)
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
      const form = page.text
        .split('<form ')
        .find((part) => part.includes('</form>') && part.includes(`>${button}</button>`))
      if (form === undefined) throw new Error(`There is no button ${button} on:\n${page.text}`)
      const action = unescape(/action="([^"]*)"/.exec(form)?.[1] ?? '')
      const hidden = [...form.matchAll(/type="hidden" name="([^"]*)" value="([^"]*)"/g)].map(
        ([, name = '', value = '']) => [unescape(name), unescape(value)],
      )
      const body = new URLSearchParams({
        ...(Object.fromEntries(hidden) as Record<string, string>),
        ...typed,
      })
      return request(new URL(action, page.url).href, body)
    },
  }
}

const unescape = (text: string): string =>
  text
    .replaceAll(/&#(\d+);/g, (_, code: string) => String.fromCharCode(Number(code)))
    .replaceAll('&quot;', '"')
    .replaceAll('&lt;', '<')
    .replaceAll('&gt;', '>')
    .replaceAll('&amp;', '&')
