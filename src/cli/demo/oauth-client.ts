import { hmac, isEqualInConstantTime, sha256 } from '../../lib/hash.ts'
import { callbackUrl, DEMO_CLIENTS, DEMO_SCOPES, type DemoSecrets } from './setup.ts'

/** A demo client from its own point of view. */
export interface DemoClient {
  readonly id: string
  /** Undefined for the public client. */
  readonly secret: string | undefined
  readonly state: string
  readonly verifier: string
  /** Where it sends users to sign in. */
  readonly authorizationUrl: string
}

/** The demo clients that users sign in to. */
export interface DemoClients {
  readonly web: DemoClient
  readonly app: DemoClient
}

export const createDemoClients = (secrets: DemoSecrets, origin: string): DemoClients => ({
  web: createDemoClient(secrets, origin, DEMO_CLIENTS.web, secrets.webSecret),
  app: createDemoClient(secrets, origin, DEMO_CLIENTS.app, undefined),
})

/** Returns the client that sent this state; undefined if neither did. */
export const findClientByState = ({ web, app }: DemoClients, state: string): DemoClient | undefined =>
  [web, app].find((client) => isEqualInConstantTime(client.state, state))

/**
 * Derives state and verifier, so that the URL that is printed at the start keeps working. A real client creates new ones
 * for every sign-in and keeps them in the browser's session (RFC 9700 section 2.1.1).
 */
function createDemoClient(
  { webSecret }: DemoSecrets,
  origin: string,
  id: string,
  secret: string | undefined,
): DemoClient {
  const derive = (purpose: string): string => hmac(Buffer.from(webSecret), `${purpose} of ${id}`)
  const [state, verifier] = [derive('state'), derive('verifier')]
  const query = new URLSearchParams({
    response_type: 'code',
    client_id: id,
    redirect_uri: callbackUrl(origin),
    scope: Object.keys(DEMO_SCOPES).join(' '),
    state,
    code_challenge: sha256(verifier),
    code_challenge_method: 'S256',
  })
  return { id, secret, state, verifier, authorizationUrl: `${origin}/oauth/authorize?${query.toString()}` }
}
