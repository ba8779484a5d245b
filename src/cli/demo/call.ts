import { html, type Html } from '../../lib/html.ts'
import { readBody, sendPage, type DemoRoute } from './http.ts'
import { codeBox, demoPage } from './page.ts'

const CALLS = ['GET /api/me', 'GET /api/orders', 'POST /api/orders', 'GET /api/machine'] as const

type Call = (typeof CALLS)[number]

/** Renders buttons that call the API. The page has no scripts, so the server makes the call. */
export const callForms = (accessToken: string): Html =>
  html`<form method="post" action="/demo/call" class="row">
    <input type="hidden" name="token" value="${accessToken}" />
    ${CALLS.map((call) => html`<button class="secondary" name="call" value="${call}">${call}</button>`)}
  </form>`

/** Creates POST /demo/call, which calls the API over HTTP with the token of the form and shows the response. */
export const createCall =
  (origin: string): DemoRoute =>
  async (request, response) => {
    const form = new URLSearchParams((await readBody(request)) ?? '')
    const call = CALLS.find((name) => name === form.get('call')) ?? CALLS[0]
    const token = (form.get('token') ?? '').replaceAll(/[^\w.-]/g, '')
    return sendPage(response, 200, responsePage(call, token, await callApi(call, token, origin), origin))
  }

async function callApi(call: Call, token: string, origin: string): Promise<string> {
  const [method = 'GET', path = ''] = call.split(' ')
  const response = await fetch(`${origin}${path}`, {
    method,
    headers: { Authorization: `Bearer ${token}` },
    ...(method === 'POST' && { body: JSON.stringify({ item: 'Pears' }) }),
  })
  return `${response.status} ${response.statusText}\n\n${await response.text()}`
}

const responsePage = (call: Call, token: string, response: string, origin: string): Html =>
  demoPage(
    call,
    html`<p>The API responded:</p>
      ${codeBox(response)}
      <h2>The same request in a terminal</h2>
      ${codeBox(curlOf(call, token, origin))}
      <h2>Call again</h2>
      ${callForms(token)}
      <p class="note soft"><a href="/">Back to the demo</a></p>`,
  )

function curlOf(call: Call, token: string, origin: string): string {
  const [method, path = ''] = call.split(' ')
  const body = method === 'POST' ? ` -d '{"item":"Pears"}'` : ''
  return `curl -s -H 'Authorization: Bearer ${token}'${body} ${origin}${path}`
}
