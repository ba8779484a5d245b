/**
 * A shop in Next with its own users and sign-in form. In a copy of this folder, with the file that `npm pack` creates:
 *
 *     npm install ./consulate-0.1.0.tgz && npm run dev
 */
import { generateKeyPairSync, randomBytes, randomUUID } from 'node:crypto'
import { authorizationCode, clientCredentials, createAuthorizationServer } from 'consulate'
import { oncePerProcess, toNext } from 'consulate/next'
import { sqlite } from 'consulate/sqlite'
import { cookies, headers } from 'next/headers'

export const ada = { id: '1', name: 'Ada', password: (process.env.PASSWORD ??= randomUUID()) }

export const server = oncePerProcess(() =>
  createAuthorizationServer({
    issuer: `http://127.0.0.1:${process.env.PORT ?? 3000}`,
    // Lost when the process exits. In production, use secretsFromDirectory('./data/secrets').
    secrets: {
      signingKeys: [{ privateKey: generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey }],
      secrets: [{ value: randomBytes(32).toString('base64url') }],
    },
    store: sqlite(':memory:'),
    users: {
      find: async (id) => (id === ada.id ? ada : undefined),
      findByUsername: async (name) => (name === 'ada' ? ada : undefined),
      verifyPassword: async (user, given) => user?.password === given, // In production, store hashes.
    },
    scopes: { 'orders:read': 'See your orders' },
    grants: [authorizationCode(), clientCredentials()],
  }),
)

export const auth = toNext(server, { cookies, headers })
