import { generateKeyPairSync, randomBytes } from 'node:crypto'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import {
  builtInUsers,
  clientCredentials,
  ConfigError,
  createAuthorizationServer,
  silentLogger,
  type Secrets,
} from 'consulate'
import { toNode } from 'consulate/node'
import { sqlite } from 'consulate/sqlite'
import { expect, test } from 'vitest'

const goodSecrets: Secrets = {
  signingKeys: [{ privateKey: generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey }],
  secrets: [{ value: randomBytes(32).toString('base64url') }],
}

test('a server without readable secrets answers 503 on every route, and starts as soon as they are readable', async () => {
  let isReadable = false
  const load = async (): Promise<Secrets> => {
    if (isReadable) return goodSecrets
    throw new ConfigError([{ path: 'secrets', message: 'cannot be read' }])
  }
  const server = createAuthorizationServer({
    issuer: 'http://127.0.0.1:3000',
    secrets: { description: 'a test', load },
    store: sqlite(':memory:'),
    users: builtInUsers(),
    scopes: { 'orders:read': 'See your orders' },
    grants: [clientCredentials()],
    logger: silentLogger,
  })
  const auth = toNode(server)
  const api = auth.anyone('orders:read')((_, response) => void response.end('in'))
  const http = createServer(auth.routes(api)).listen(0, '127.0.0.1')
  await new Promise((resolve) => void http.once('listening', resolve))
  const origin = `http://127.0.0.1:${(http.address() as AddressInfo).port}`
  const statusOf = async (path: string): Promise<readonly (number | string | null)[]> => {
    const answer = await fetch(origin + path)
    return [answer.status, answer.headers.has('retry-after') ? 'later' : 'now']
  }

  const paths = ['/orders', '/.well-known/jwks.json']
  expect(await Promise.all(paths.map(statusOf))).toEqual([
    [503, 'later'],
    [503, 'later'],
  ])
  isReadable = true
  expect(await Promise.all(paths.map(statusOf))).toEqual([
    [401, 'now'],
    [200, 'now'],
  ])
  await server.close()
  await new Promise((resolve) => http.close(resolve))
})
