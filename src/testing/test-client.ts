import type { ClientRegistration } from '../clients/registration.ts'
import { DEVICE_GRANT } from '../model/device-code.ts'

/**
 * A kind of client: a web application with a secret (`web`), a single-page app (`spa`) or an app on a device (`native`)
 * without one, either of them (`public`), an app of another developer (`third-party`), a machine that acts for itself
 * (`machine`), a device without a browser (`device`), another service whose guard follows the revocation feed (`service`), or
 * that introspects tokens (`introspecting`), and clients of the legacy grants (`password`, `implicit`).
 */
export type ClientKind =
  | 'web'
  | 'spa'
  | 'native'
  | 'public'
  | 'third-party'
  | 'machine'
  | 'device'
  | 'service'
  | 'introspecting'
  | 'password'
  | 'implicit'

const CALLBACK = { redirectUris: ['https://app.example/callback'] }
const CODE = { grantTypes: ['authorization_code', 'refresh_token'] } as const

const KINDS: Readonly<Record<ClientKind, ClientRegistration>> = {
  web: { name: 'Web app', ...CALLBACK, ...CODE },
  spa: { name: 'Single-page app', type: 'public', ...CALLBACK, ...CODE },
  native: { name: 'Mobile app', type: 'public', redirectUris: ['com.example.app:/callback'], ...CODE },
  public: { name: 'App', type: 'public', ...CALLBACK, ...CODE },
  'third-party': { name: 'Partner', isThirdParty: true, ...CALLBACK, ...CODE },
  machine: { name: 'Machine', grantTypes: ['client_credentials'] },
  device: { name: 'TV', type: 'public', grantTypes: [DEVICE_GRANT, 'refresh_token'] },
  service: { name: 'Service', grantTypes: [], followsRevocations: true },
  introspecting: { name: 'API', grantTypes: [], introspects: true },
  password: { name: 'Old app', grantTypes: ['password', 'refresh_token'] },
  implicit: { name: 'Old web page', type: 'public', ...CALLBACK, grantTypes: ['implicit'] },
}

/**
 * Returns the registration of a client for a test: `server.clients.create(testClient('machine', { scopes: ['read'] }))`.
 * `changes` override its values. Redirect URIs are `https://app.example/callback`, which does not exist, and
 * `com.example.app:/callback`. A machine gets no scopes unless `changes` name some.
 */
export const testClient = (
  kind: ClientKind,
  changes: Partial<ClientRegistration> = {},
): ClientRegistration => ({ ...KINDS[kind], ...changes })
