/** One of several processes of a server: the sign-in API and a guarded route, on an SQLite file that they share. */
import { join } from 'node:path'
import {
  createAuthorizationServer,
  secretsFromDirectory,
  signIn,
  silentLogger,
  type UserProvider,
} from '../../src/index.ts'
import { toNode } from '../../src/adapters/node.ts'
import { redis } from '../../src/broadcast/redis.ts'
import { sqlite } from '../../src/store/sqlite.ts'
import { API_ANSWER } from '../api-answer.ts'
import { answerJson, listen } from '../floors/parts/http.ts'
import type { Start } from '../target.ts'

/** Users whose password check costs nothing. With Argon2id, 30,000 sign-ins would take an hour. */
const users: UserProvider = {
  find: async (id) => ({ id }),
  findByUsername: async (username) => ({ id: username }),
  verifyPassword: async (user) => user !== undefined,
}

export const start: Start = async () => {
  const { BENCH_FOLDER: folder = '', BENCH_REDIS: redisUrl } = process.env
  const server = createAuthorizationServer({
    issuer: 'https://auth.example.com',
    secrets: secretsFromDirectory(join(folder, 'secrets')),
    store: sqlite(join(folder, 'consulate.db')),
    users,
    scopes: { 'orders:read': 'See your orders' },
    grants: [signIn()],
    logger: silentLogger,
    ...(redisUrl !== undefined && { broadcast: redis(redisUrl) }),
  })
  await server.ready()
  const auth = toNode(server)
  const orders = auth.user('orders:read')((_, response) => answerJson(response, API_ANSWER))
  const { port, stop } = await listen(auth.routes(orders))
  return {
    port,
    prepare: () =>
      Promise.reject(new Error('The bench creates the requests, because they depend on each other')),
    async stop() {
      await stop()
      await server.close()
    },
  }
}
