import { randomBytes } from 'node:crypto'
import { registerClient } from '../../clients/register.ts'
import type { ClientRegistration } from '../../clients/registration.ts'
import { systemClock } from '../../lib/clock.ts'
import { sha256 } from '../../lib/hash.ts'
import { DEVICE_GRANT } from '../../model/device-code.ts'
import type { Store } from '../../store/contract.ts'
import { createUser } from '../../users/built-in.ts'
import type { DemoRecord } from './record.ts'

/** The scopes of the demo. */
export const DEMO_SCOPES = { 'orders:read': 'See your orders', 'orders:create': 'Place orders' } as const

/** A scope of the demo. */
export type DemoScope = keyof typeof DEMO_SCOPES

/** What the demo person signs in with. */
export const DEMO_EMAIL = 'demo@example.com'

/** The ids of the demo's clients. */
export const DEMO_CLIENTS = {
  web: 'demo-web',
  app: 'demo-app',
  tv: 'demo-tv',
  machine: 'demo-machine',
} as const

/** Where the demo's web application and its app get their answers. */
export const callbackUrl = (origin: string): string => `${origin}/demo/callback`

/** Makes the demo's clients, or brings them in line: their secrets with the record, their URIs with the port. */
export async function ensureClients(store: Store, record: DemoRecord, origin: string): Promise<void> {
  const redirectUris = [callbackUrl(origin)]
  await ensureClient(store, { id: DEMO_CLIENTS.web, name: 'Demo Web Shop', redirectUris }, record.webSecret)
  await ensureClient(store, { id: DEMO_CLIENTS.app, name: 'Demo App', type: 'public', redirectUris })
  const grantTypes = [DEVICE_GRANT, 'refresh_token']
  await ensureClient(store, { id: DEMO_CLIENTS.tv, name: 'Demo TV', type: 'public', grantTypes })
  const machine = { id: DEMO_CLIENTS.machine, name: 'Demo Machine', scopes: Object.keys(DEMO_SCOPES) }
  await ensureClient(store, machine, record.machineSecret)
}

async function ensureClient(
  { clients }: Store,
  registration: ClientRegistration & { readonly id: string },
  secret?: string,
): Promise<void> {
  const { id, redirectUris = [] } = registration
  if (!(await clients.find(id))) await registerClient(clients, systemClock, registration)
  const secrets = secret === undefined ? [] : [{ hash: sha256(secret), expiresAt: null }]
  await clients.update(id, { redirectUris, secrets })
}

/** Makes the demo person where there is none yet. Their new password; undefined where they have theirs already. */
export async function ensurePerson(store: Store): Promise<string | undefined> {
  const password = newPassword()
  if (await store.users.findByEmail(DEMO_EMAIL)) return undefined
  const user = await createUser(store, systemClock, { email: DEMO_EMAIL, name: 'Demo Person', password })
  return user && password
}

/** No character that looks like another; 32 of them, so 16 are 80 random bits. */
const LETTERS = 'abcdefghijkmnpqrstuvwxyz23456789'

const newPassword = (): string => Array.from(randomBytes(16), (byte) => LETTERS[byte % 32]).join('')
