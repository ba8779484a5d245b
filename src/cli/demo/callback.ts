import { html, type Html } from '../../lib/html.ts'
import { callForms } from './call.ts'
import { sendPage, type DemoRoute } from './http.ts'
import { findClientByState, type DemoClient, type DemoClients } from './oauth-client.ts'
import { demoPage, jsonBox } from './page.ts'
import { callbackUrl } from './setup.ts'

/**
 * Creates GET /demo/callback, the redirect URI of both clients. Checks the authorization response, exchanges the code over
 * HTTP like any client, and shows the result.
 */
export const createCallback =
  (clients: DemoClients, origin: string): DemoRoute =>
  async (request, response) => {
    const parameters = new URL(request.url ?? '/', origin).searchParams
    const client = findClientByState(clients, parameters.get('state') ?? '')
    const problem = problemOf(parameters, client, origin)
    if (!client || problem !== undefined)
      return sendPage(response, 400, failurePage(problem ?? UNKNOWN_STATE, parameters, client ?? clients.web))
    const tokens = await exchangeCode(client, parameters.get('code') ?? '', origin)
    const { access_token: accessToken } = tokens
    if (typeof accessToken === 'string')
      return sendPage(response, 200, successPage(client, tokens, accessToken))
    return sendPage(response, 400, failurePage(NOT_EXCHANGED, Object.entries(tokens), client))
  }

type Fields = Readonly<Record<string, unknown>>

const UNKNOWN_STATE = 'No demo client sent this state.'
const NOT_EXCHANGED =
  'The code could not be exchanged. A code works only once: if you reload this page, its tokens are revoked.'

/** Checks which client the response is for and which server it is from (RFC 9207 section 2.4) before anything else. */
function problemOf(
  parameters: URLSearchParams,
  client: DemoClient | undefined,
  origin: string,
): string | undefined {
  if (!client) return UNKNOWN_STATE
  if (parameters.get('iss') !== origin) return 'This response is from another server: iss does not match.'
  if (parameters.get('error') === 'access_denied') return "You didn't allow access, so the app got no token."
  return parameters.has('error') ? 'The server returned an error.' : undefined
}

async function exchangeCode(
  { id, secret, verifier }: DemoClient,
  code: string,
  origin: string,
): Promise<Fields> {
  const body = new URLSearchParams({
    grant_type: 'authorization_code',
    code,
    redirect_uri: callbackUrl(origin),
    code_verifier: verifier,
    ...(secret === undefined && { client_id: id }),
  })
  const headers = secret === undefined ? {} : { Authorization: `Basic ${btoa(`${id}:${secret}`)}` }
  const response = await fetch(`${origin}/oauth/token`, { method: 'POST', headers, body })
  return (await response.json()) as Fields
}

const successPage = (client: DemoClient, tokens: Fields, accessToken: string): Html =>
  demoPage(
    "You're signed in",
    html`<p>The client <strong>${client.id}</strong> exchanged its code for tokens:</p>
      ${jsonBox(tokens)}
      <h2>The access token, decoded</h2>
      ${jsonBox(decode(accessToken))}
      <h2>Call the API with it</h2>
      ${callForms(accessToken)}
      <p class="note soft"><a href="/">Back to the demo</a> · <a href="/logout">Sign out</a></p>`,
  )

const failurePage = (
  problem: string,
  response: Iterable<readonly [string, unknown]>,
  { authorizationUrl }: DemoClient,
): Html =>
  demoPage(
    'Sign-in failed',
    html`<p class="problem">${problem}</p>
      <h2>The response</h2>
      ${jsonBox(Object.fromEntries(response))}
      <p class="note"><a href="${authorizationUrl}">Try again</a> · <a href="/">Back to the demo</a></p>`,
  )

/** For display only: the signature is not verified. */
function decode(token: string): unknown {
  const [header = '', claims = ''] = token.split('.')
  return { header: decodePart(header), claims: decodePart(claims) }
}

const decodePart = (part: string): unknown => JSON.parse(Buffer.from(part, 'base64url').toString())
