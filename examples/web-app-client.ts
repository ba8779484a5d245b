/**
 * A web app that signs users in through the authorization server: authorization code with PKCE and a secret.
 *
 *     ISSUER=… CLIENT_ID=… CLIENT_SECRET=… npm run example examples/web-app-client.ts
 *
 * own-users.ts prints this command with the values filled in. Then open http://127.0.0.1:4000.
 */
import { randomUUID } from 'node:crypto'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import * as oauth from 'openid-client'

const { ISSUER = 'http://127.0.0.1:3000', CLIENT_ID = '', CLIENT_SECRET = '', PORT = '4000' } = process.env
const { SCOPE = 'profile', ME = '/me' } = process.env
const home = `http://127.0.0.1:${PORT}`
const config = await oauth.discovery(new URL(ISSUER), CLIENT_ID, CLIENT_SECRET, undefined, {
  algorithm: 'oauth2',
  // Allows http, for a local server only.
  execute: [oauth.allowInsecureRequests],
})

/** Pending sign-ins, each bound to the browser that started it. */
const pending = new Map<string, { readonly verifier: string; readonly state: string }>()

async function startSignIn(response: ServerResponse): Promise<void> {
  const [browser, verifier, state] = [randomUUID(), oauth.randomPKCECodeVerifier(), oauth.randomState()]
  pending.set(browser, { verifier, state })
  const url = oauth.buildAuthorizationUrl(config, {
    redirect_uri: `${home}/callback`,
    scope: SCOPE,
    state,
    code_challenge: await oauth.calculatePKCECodeChallenge(verifier),
    code_challenge_method: 'S256',
  })
  response.setHeader('Set-Cookie', `app=${browser}; Path=/; HttpOnly; SameSite=Lax`)
  response.writeHead(303, { Location: url.href }).end()
}

async function finishSignIn(request: IncomingMessage, response: ServerResponse): Promise<void> {
  const browser = /(?:^|; )app=([\w-]+)/.exec(request.headers.cookie ?? '')?.[1] ?? ''
  const signIn = pending.get(browser)
  pending.delete(browser)
  if (!signIn) return void response.writeHead(400).end('Start the sign-in again\n')
  const tokens = await oauth.authorizationCodeGrant(config, new URL(request.url ?? '', home), {
    pkceCodeVerifier: signIn.verifier,
    expectedState: signIn.state,
  })
  const renewed = await oauth.refreshTokenGrant(config, tokens.refresh_token ?? '')
  const result = await oauth.fetchProtectedResource(config, renewed.access_token, new URL(ME, ISSUER), 'GET')
  response.end(await result.text())
}

createServer((request, response) => {
  const done = request.url?.startsWith('/callback?') ? finishSignIn(request, response) : startSignIn(response)
  done.catch((problem: unknown) => response.writeHead(400).end(`${String(problem)}\n`))
}).listen(Number(PORT), '127.0.0.1', () => console.log(`Open ${home}`))
