import { expect, test } from 'vitest'
import type * as Errors from '../../src/errors.ts'
import { ConfigError, OAuthError, refuse, StoreUnavailableError, type Grant } from '../../src/index.ts'
import { sqlite } from '../../src/store/sqlite.ts'
import { requestToken } from '../support/oauth-client.ts'
import { startServer } from '../support/server.ts'

/** The errors of another copy of the package, such as the one that a configuration file imports. */
const otherCopy = '../../src/errors.ts?another-copy'
const other = (await import(otherCopy)) as typeof Errors

/** Asks a server for a token by a grant of one's own. */
async function answerTo(decide: Grant['decide']): Promise<readonly unknown[]> {
  const type = 'https://example.com/grants/badge'
  await using server = await startServer({ grants: [{ type, decide }] })
  const client = await server.addClient({ grantTypes: [type] })
  const { status, body } = await requestToken(server, client, { grant_type: type })
  return [status, body['error'], body['error_description']]
}

test('another copy of the package has its own classes', () => {
  expect(other.OAuthError).not.toBe(OAuthError)
})

test('the error that a grant of another copy returns or throws becomes the response', async () => {
  const error = new other.OAuthError('invalid_grant', 'The badge is invalid')
  const response = [400, 'invalid_grant', 'The badge is invalid']
  expect(await answerTo(async () => refuse(error))).toEqual(response)
  expect(await answerTo(() => Promise.reject(error))).toEqual(response)
})

test('another error is a server error, whatever its name', async () => {
  const impostor = Object.assign(new Error('no'), { name: 'OAuthError', code: 'invalid_grant', status: 200 })
  expect((await answerTo(() => Promise.reject(impostor)))[0]).toBe(500)
})

test('an unavailable store of another copy is 503', async () => {
  const store = sqlite(':memory:')
  const gone = () => Promise.reject(new other.StoreUnavailableError('gone', undefined))
  await using server = await startServer({ store: { ...store, clients: { ...store.clients, find: gone } } })
  await server.server.ready()
  const client = { id: 'some-client', secret: 'secret', redirectUri: '' }
  const { status, body } = await requestToken(server, client, { grant_type: 'client_credentials' })
  expect([status, body['error']]).toEqual([503, 'temporarily_unavailable'])
})

test('each class of error only matches itself', () => {
  const errors = [
    new other.OAuthError('invalid_grant', 'x'),
    new other.ConfigError([]),
    new other.StoreUnavailableError('x', undefined),
  ]
  const kinds = [OAuthError, ConfigError, StoreUnavailableError]
  expect(errors.map((error) => kinds.map((kind) => error instanceof kind))).toEqual([
    [true, false, false],
    [false, true, false],
    [false, false, true],
  ])
})
