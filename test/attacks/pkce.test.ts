import { afterAll, describe, expect, test } from 'vitest'
import { openBrowser } from '../support/browser.ts'
import {
  requestToken,
  authorizationUrl,
  authorize,
  getCode,
  getTokens,
  createPkce,
} from '../support/oauth-client.ts'
import type { Parameters } from '../support/oauth-client.ts'
import { startServer } from '../support/server.ts'

const server = await startServer()
const [user, attacker] = [await server.addUser(), await server.addUser()]
const web = await server.addClient()
const careful = await server.addClient({ requiresPkce: true })
const spa = await server.addClient({ type: 'public' })
const visit = { server, browser: openBrowser(server), client: spa, user }
afterAll(server.close)

const { challenge } = createPkce()

const expectRefusal = async (parameters: Parameters, client = spa): Promise<void> => {
  const response = await requestToken(server, client, parameters)
  expect([response.status, response.body['access_token']]).toEqual([400, undefined])
}

describe('a challenge cannot be removed on the way to the server:', () => {
  test.each<[string, Parameters]>([
    ['left out', {}],
    ['emptied', { code_challenge: '', code_challenge_method: 'S256' }],
    ['with its method only', { code_challenge_method: 'S256' }],
    ['with the method left to its default', { code_challenge: challenge }],
    ['with the method plain', { code_challenge: challenge, code_challenge_method: 'plain' }],
    ['with the method in small letters', { code_challenge: challenge, code_challenge_method: 's256' }],
    ['with an unknown method', { code_challenge: challenge, code_challenge_method: 'none' }],
    ['shortened', { code_challenge: challenge.slice(0, 42), code_challenge_method: 'S256' }],
    ['in other characters', { code_challenge: `${challenge.slice(1)}+`, code_challenge_method: 'S256' }],
  ])('%s', async (_, parameters) => {
    for (const client of [spa, careful]) {
      const { url } = await authorize(visit.browser, authorizationUrl(server, client, parameters), user)
      expect([url.searchParams.get('error'), url.searchParams.get('code')]).toEqual(['invalid_request', null])
    }
  })
})

describe('a stolen code is useless without its verifier:', () => {
  test('without any', async () => {
    const { exchange } = await getCode(visit)
    await expectRefusal({ ...exchange, code_verifier: undefined })
    await expectRefusal({ ...exchange, code_verifier: '' })
  })

  test('with the challenge itself, as if the method were plain', async () => {
    const { verifier, challenge: known } = createPkce()
    const { exchange } = await getCode(visit, { code_challenge: known })
    await expectRefusal({ ...exchange, code_verifier: known })
    await expectRefusal({ ...exchange, code_verifier: verifier })
  })

  test("with the verifier of the thief's own request", async () => {
    const own = await getCode({ ...visit, browser: openBrowser(server), user: attacker })
    const stolen = await getCode(visit)
    await expectRefusal({ ...stolen.exchange, code_verifier: own.exchange['code_verifier'] })
    await getTokens(server, spa, own.exchange)
  })

  test('with a changed or shortened verifier', async () => {
    for (const change of [(text: string) => `${text}a`, (text: string) => text.slice(0, -1)]) {
      const { exchange } = await getCode(visit)
      await expectRefusal({ ...exchange, code_verifier: change(exchange['code_verifier'] ?? '') })
    }
  })
})

test("an attacker's code that is injected into a victim's session does not match the victim's verifier", async () => {
  for (const client of [spa, web]) {
    const theirs = await getCode({ ...visit, client, browser: openBrowser(server), user: attacker })
    const victims = await getCode({ ...visit, client })
    await expectRefusal({ ...victims.exchange, code: theirs.code }, client)
  }
})

test("an attacker's code from a request without a challenge is refused together with a verifier", async () => {
  const plain = { code_challenge: undefined, code_challenge_method: undefined }
  const theirs = await getCode({ ...visit, client: web, user: attacker, browser: openBrowser(server) }, plain)
  const { verifier } = createPkce()
  await expectRefusal({ ...theirs.exchange, code_verifier: verifier }, web)
  await getTokens(server, web, { ...theirs.exchange, code_verifier: undefined })
})
