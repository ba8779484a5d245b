import type { ClientRegistration } from '../clients/registration.ts'
import { DEVICE_GRANT } from '../model/device-code.ts'

/**
 * A kind of client: a web application with a secret (`web`), a single-page or mobile app without one (`public`), a machine
 * that acts for itself (`machine`), a device without a browser (`device`), another service whose guard follows the
 * revocation feed (`service`), and clients of the legacy grants (`password`, `implicit`).
 */
export type ClientKind = 'web' | 'public' | 'machine' | 'device' | 'service' | 'password' | 'implicit'

const CALLBACK = { redirectUris: ['https://app.example/callback'] }

const KINDS: Readonly<Record<ClientKind, ClientRegistration>> = {
  web: { name: 'Web app', ...CALLBACK, grantTypes: ['authorization_code', 'refresh_token'] },
  public: { name: 'App', type: 'public', ...CALLBACK, grantTypes: ['authorization_code', 'refresh_token'] },
  machine: { name: 'Machine', grantTypes: ['client_credentials'] },
  device: { name: 'TV', type: 'public', grantTypes: [DEVICE_GRANT, 'refresh_token'] },
  service: { name: 'Service', grantTypes: [], followsRevocations: true },
  password: { name: 'Old app', grantTypes: ['password', 'refresh_token'] },
  implicit: { name: 'Old web page', type: 'public', ...CALLBACK, grantTypes: ['implicit'] },
}

/**
 * Returns the registration of a client for a test: `server.clients.create(testClient('machine', { scopes: ['read'] }))`.
 * `changes` override its values. Redirect URIs are `https://app.example/callback`, which does not exist. A machine gets no
 * scopes unless `changes` name some.
 */
export const testClient = (
  kind: ClientKind,
  changes: Partial<ClientRegistration> = {},
): ClientRegistration => ({ ...KINDS[kind], ...changes })
