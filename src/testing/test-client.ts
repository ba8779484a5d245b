import type { ClientRegistration } from '../clients/registration.ts'
import { DEVICE_GRANT } from '../model/device-code.ts'

/**
 * What a client can be: a web application, whose server keeps a secret (`web`); an app in a browser or on a phone, without
 * one (`public`); a machine that acts for itself (`machine`); a device without a browser (`device`); another service, whose
 * guard follows the revocations (`service`); and the two of old, with a sign-in form of its own (`password`) and with
 * tokens in its address (`implicit`).
 */
export type ClientKind = 'web' | 'public' | 'machine' | 'device' | 'service' | 'password' | 'implicit'

const BACK = { redirectUris: ['https://app.example/callback'] }

const KINDS: Readonly<Record<ClientKind, ClientRegistration>> = {
  web: { name: 'Web app', ...BACK, grantTypes: ['authorization_code', 'refresh_token'] },
  public: { name: 'App', type: 'public', ...BACK, grantTypes: ['authorization_code', 'refresh_token'] },
  machine: { name: 'Machine', grantTypes: ['client_credentials'] },
  device: { name: 'TV', type: 'public', grantTypes: [DEVICE_GRANT, 'refresh_token'] },
  service: { name: 'Service', grantTypes: [], followsRevocations: true },
  password: { name: 'Old app', grantTypes: ['password', 'refresh_token'] },
  implicit: { name: 'Old web page', type: 'public', ...BACK, grantTypes: ['implicit'] },
}

/**
 * What to register a client with in a test, `server.clients.create(testClient('machine', { scopes: ['orders:read'] }))`:
 * all that its kind needs, and what is said besides. People come back to `https://app.example/callback`, where nobody
 * listens. A machine may ask for no scope unless some are named.
 */
export const testClient = (
  kind: ClientKind,
  changes: Partial<ClientRegistration> = {},
): ClientRegistration => ({ ...KINDS[kind], ...changes })
