import { hmac, isEqualInConstantTime, sha256 } from '../../lib/hash.ts'
import { callbackUrl, DEMO_CLIENTS, DEMO_SCOPES } from './cast.ts'
import type { DemoRecord } from './record.ts'

/** One of the demo's clients, as it sees itself when it sends people to sign in. */
export interface DemoClient {
  readonly id: string
  /** Undefined for the public one. */
  readonly secret: string | undefined
  readonly state: string
  readonly verifier: string
  /** Where it sends people. */
  readonly authorizationUrl: string
}

/** The demo's clients that people sign in to. */
export interface DemoClients {
  readonly web: DemoClient
  readonly app: DemoClient
}

/** Both clients, at an origin. */
export const demoClients = (record: DemoRecord, origin: string): DemoClients => ({
  web: demoClient(record, origin, DEMO_CLIENTS.web, record.webSecret),
  app: demoClient(record, origin, DEMO_CLIENTS.app, undefined),
})

/** The client that an answer is for; undefined where neither has sent the person with this state. */
export const clientOfState = ({ web, app }: DemoClients, state: string): DemoClient | undefined =>
  [web, app].find((client) => isEqualInConstantTime(client.state, state))

/**
 * State and verifier are derived, so that a URL printed at the start works whenever it is opened. A real client makes
 * new ones for every sign-in and keeps them in the browser's session (RFC 9700 section 2.1.1).
 */
function demoClient(
  { webSecret }: DemoRecord,
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
