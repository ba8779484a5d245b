import { renderToString } from 'vue/server-renderer'
import type { ViewContext, ViewHtml } from 'consulate'
import { createPage, type PageData } from './pages.ts'

/** Only the bundle of this app may run. The server adds `form-action` and protects the page from being framed. */
const csp = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:"

/** Renders a page, and sends its props along for the browser. */
export async function render(data: PageData, { language }: ViewContext): Promise<ViewHtml> {
  const html = `<!doctype html>
<html lang="${language}">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>Notebook</title>
<link rel="icon" href="data:,">
<div id="root">${await renderToString(createPage(data))}</div>
<script type="application/json" id="data">${toJson(data)}</script>
<script type="module" src="/assets/client.js"></script>
</html>`
  return { html, csp }
}

/** Without `<`, nothing in it can end the script element. */
const toJson = (data: PageData): string => JSON.stringify(data).replaceAll('<', '\\u003c')

/** The request and the user stay here: the browser gets the props of the page. */
export function propsFor<Props extends ViewContext>({
  request: _request,
  original: _original,
  user: _user,
  nonce: _nonce,
  ...props
}: Props) {
  return props
}
