import { html, type Html } from '../../lib/html.ts'
import { sendPage, type DemoRoute } from './answer.ts'
import { callbackUrl } from './cast.ts'
import { callForms } from './call.ts'
import { demoPage, jsonBox } from './page.ts'
import { clientOfState, type DemoClient, type DemoClients } from './sign-in.ts'

/**
 * GET /demo/callback: what a client does with the answer. Checks who it is from and for, exchanges the code as any client
 * would, by HTTP, and shows what came of it.
 */
export const createCallback =
  (clients: DemoClients, origin: string): DemoRoute =>
  async (request, response) => {
    const answer = new URL(request.url ?? '/', origin).searchParams
    const client = clientOfState(clients, answer.get('state') ?? '')
    const problem = problemOf(answer, client, origin)
    if (!client || problem)
      return sendPage(response, 400, failed(problem ?? STRANGER, answer, client ?? clients.web))
    const tokens = await exchange(client, answer.get('code') ?? '', origin)
    const { access_token: accessToken } = tokens
    if (typeof accessToken === 'string')
      return sendPage(response, 200, succeeded(client, tokens, accessToken))
    return sendPage(response, 400, failed(REFUSED, Object.entries(tokens), client))
  }

type Fields = Readonly<Record<string, unknown>>

const STRANGER = 'No client of the demo has asked for this answer: the state is not one of theirs.'
const REFUSED =
  'The code was not exchanged. A code works once: when this page is loaded again, what the code gave is revoked.'

/** The order of RFC 9700 section 2.1 and RFC 9207 section 2.4: whose answer, from whom, and only then what it says. */
function problemOf(
  answer: URLSearchParams,
  client: DemoClient | undefined,
  origin: string,
): string | undefined {
  if (!client) return STRANGER
  if (answer.get('iss') !== origin) return 'The answer is not from this server: iss is another.'
  if (answer.get('error') === 'access_denied')
    return 'You have not allowed it, and so the client got nothing.'
  return answer.has('error') ? 'The server has answered with an error.' : undefined
}

async function exchange({ id, secret, verifier }: DemoClient, code: string, origin: string): Promise<Fields> {
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

const succeeded = (client: DemoClient, tokens: Fields, accessToken: string): Html =>
  demoPage(
    "You're signed in",
    html`<p>The client <strong>${client.id}</strong> has exchanged its code. It got:</p>
      ${jsonBox(tokens)}
      <h2>The access token, decoded</h2>
      ${jsonBox(decode(accessToken))}
      <h2>Use it</h2>
      ${callForms(accessToken)}
      <p class="note soft"><a href="/">Back to the start</a> · <a href="/logout">Sign out</a></p>`,
  )

const failed = (
  problem: string,
  answer: Iterable<readonly [string, unknown]>,
  { authorizationUrl }: DemoClient,
): Html =>
  demoPage(
    'Not signed in',
    html`<p class="problem">${problem}</p>
      <h2>The answer</h2>
      ${jsonBox(Object.fromEntries(answer))}
      <p class="note"><a href="${authorizationUrl}">Try again</a> · <a href="/">Back to the start</a></p>`,
  )

/** For the eye only: who trusts a token verifies its signature first. */
function decode(token: string): unknown {
  const [header = '', claims = ''] = token.split('.')
  return { header: decodePart(header), claims: decodePart(claims) }
}

const decodePart = (part: string): unknown => JSON.parse(Buffer.from(part, 'base64url').toString())
