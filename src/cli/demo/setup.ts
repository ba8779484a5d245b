import { randomBytes } from 'node:crypto'
import { mkdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { registerClient } from '../../clients/register.ts'
import type { ClientRegistration } from '../../clients/registration.ts'
import { writeFileAtomically } from '../../keys/durable-file.ts'
import { systemClock } from '../../lib/clock.ts'
import { randomBase64url, sha256 } from '../../lib/hash.ts'
import { DEVICE_GRANT } from '../../model/device-code.ts'
import type { Store } from '../../store/contract.ts'
import { createUser } from '../../users/built-in.ts'

export const DEMO_SCOPES = { 'orders:read': 'See your orders', 'orders:create': 'Place orders' } as const

export type DemoScope = keyof typeof DEMO_SCOPES

/** The user name of the demo user. */
export const DEMO_EMAIL = 'demo@example.com'

/** The ids of the demo clients. */
export const DEMO_CLIENTS = {
  web: 'demo-web',
  app: 'demo-app',
  tv: 'demo-tv',
  machine: 'demo-machine',
} as const

/** The redirect URI of the demo's web app and public app. */
export const callbackUrl = (origin: string): string => `${origin}/demo/callback`

/** The secrets of the demo clients. The database has only their hashes. */
export interface DemoSecrets {
  readonly webSecret: string
  readonly machineSecret: string
}

/** The file of the demo's secrets, which also shows that the data beside it belong to the demo. */
export const secretsPath = (directory: string): string => join(directory, 'demo.json')

/** Reads the demo's secrets from a data directory. Creates them (mode 0600) at the first start. */
export async function loadDemoSecrets(directory: string): Promise<DemoSecrets> {
  await mkdir(directory, { recursive: true, mode: 0o700 })
  const secrets: DemoSecrets = { webSecret: randomBase64url(32), machineSecret: randomBase64url(32) }
  const path = secretsPath(directory)
  await writeFileAtomically(path, `${JSON.stringify(secrets, null, 2)}\n`, { overwrite: false })
  return JSON.parse(await readFile(path, 'utf8')) as DemoSecrets
}

/** Creates the demo clients, or updates their secrets and, because the port may differ, their redirect URIs. */
export async function ensureClients(store: Store, secrets: DemoSecrets, origin: string): Promise<void> {
  const { webSecret, machineSecret } = secrets
  const redirectUris = [callbackUrl(origin)]
  const web = { id: DEMO_CLIENTS.web, name: 'Demo Web Shop', publisher: 'Example Inc.', logo: LOGO }
  await ensureClient(store, { ...web, redirectUris }, webSecret)
  await ensureClient(store, { id: DEMO_CLIENTS.app, name: 'Demo App', type: 'public', redirectUris })
  const grantTypes = [DEVICE_GRANT, 'refresh_token']
  await ensureClient(store, { id: DEMO_CLIENTS.tv, name: 'Demo TV', type: 'public', grantTypes })
  const machine = { id: DEMO_CLIENTS.machine, name: 'Demo Machine', scopes: Object.keys(DEMO_SCOPES) }
  await ensureClient(store, machine, machineSecret)
}

/** A shopping bag. */
const LOGO = `data:image/svg+xml;base64,${btoa(
  '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 48 48"><rect width="48" height="48" fill="#0f766e"/>' +
    '<path fill="none" stroke="#fff" stroke-width="3" d="M14 18h20l2 19H12zM19 22v-6a5 5 0 0 1 10 0v6"/></svg>',
)}`

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

/** Creates the demo user and returns the password; undefined if the user exists. */
export async function ensureUser(store: Store): Promise<string | undefined> {
  const password = generatePassword()
  if (await store.users.findByEmail(DEMO_EMAIL)) return undefined
  const user = await createUser(store, systemClock, { email: DEMO_EMAIL, name: 'Demo User', password })
  return user && password
}

/** 32 characters that do not look alike, so 16 of them are 80 random bits. */
const LETTERS = 'abcdefghijkmnpqrstuvwxyz23456789'

const generatePassword = (): string => Array.from(randomBytes(16), (byte) => LETTERS[byte % 32]).join('')
