import { decodeJwt } from 'jose'
import { afterAll, describe, expect, test } from 'vitest'
import { formOf, openBrowser, type Page } from '../support/browser.ts'
import { startDevice, addDeviceClient } from '../support/device.ts'
import { decodeToken, signToken } from '../support/forge.ts'
import {
  authorizationUrl,
  authorize,
  getCodeFlowTokens,
  getTokens,
  requestToken,
} from '../support/oauth-client.ts'
import { startServer } from '../support/server.ts'
import { lines, sendRaw } from './wire.ts'

const issuer = 'https://id.example'
const [mcp, billing] = [`${issuer}/mcp`, 'https://billing.example']
const resources = [{ uri: mcp, name: 'Orders MCP' }, billing]
const server = await startServer({ resources })
const identity = await startServer({ issuer, resources })
afterAll(server.close)
afterAll(identity.close)

const user = await server.addUser()
const machine = await server.addClient({ grantTypes: ['client_credentials'], scopes: ['orders:read'] })
const requestFor = (resource: string | readonly string[]) =>
  requestToken(server, machine, { grant_type: 'client_credentials', scope: 'orders:read', resource })

const isAsked = ({ forms }: Page): boolean => forms.some(({ label }) => label === 'Allow')

async function signedIn() {
  const browser = openBrowser(server)
  await browser.signIn(await browser.open(server.endpoint('/login')), user)
  return browser
}

describe('a client that requests tokens for another API', () => {
  test('is shown on the consent page with the name of that API', async () => {
    const client = await server.addClient()
    const page = await (
      await signedIn()
    ).open(authorizationUrl(server, client, { scope: 'orders:read', resource: mcp }))
    expect(page.text).toContain('This gives access to Orders MCP at id.example')
  })

  test('is shown with the identifier of an API that has no name', async () => {
    const client = await server.addClient()
    const page = await (await signedIn()).open(authorizationUrl(server, client, { resource: billing }))
    expect(page.text).toContain(`This gives access to ${billing}`)
  })

  test('is shown with every API if it requests all of them', async () => {
    const client = await server.addClient()
    const all = [server.issuer, mcp, billing]
    const page = await (await signedIn()).open(authorizationUrl(server, client, { resource: all }))
    expect(page.text.replaceAll(' ,', ',')).toContain(
      `This gives access to ${server.issuer}, Orders MCP at id.example, and ${billing}`,
    )
  })

  test('is shown with that API on the page for a device', async () => {
    const device = await startDevice(server, await addDeviceClient(server), { resource: mcp })
    const browser = await signedIn()
    const page = await browser.press(await browser.open(device.completeUri), 'Continue')
    expect(page.text).toContain('This gives access to Orders MCP at id.example')
  })

  test('needs a consent for that API, not for the default or a third one', async () => {
    const client = await server.addClient()
    const browser = await signedIn()
    const open = (parameters: Record<string, string | readonly string[]>) =>
      browser.open(authorizationUrl(server, client, { scope: 'orders:read', ...parameters }))
    await browser.press(await open({}), 'Allow')
    expect(isAsked(await open({}))).toBe(false)
    expect(isAsked(await open({ resource: server.issuer }))).toBe(false)
    expect(isAsked(await open({ resource: mcp }))).toBe(true)
    await browser.press(await open({ resource: mcp }), 'Allow')
    const given = server.events.findLast(({ name }) => name === 'consent.given')
    expect(given?.payload).toMatchObject({ clientId: client.id, scopes: ['orders:read'], resources: [mcp] })
    expect(isAsked(await open({ resource: mcp }))).toBe(false)
    expect(isAsked(await open({ resource: billing }))).toBe(true)
    expect(isAsked(await open({ resource: [mcp, billing] }))).toBe(true)
    const silent = await open({ resource: billing, prompt: 'none' })
    expect(silent.url.searchParams.get('error')).toBe('consent_required')
  })

  test('needs a consent for each scope at each API', async () => {
    const client = await server.addClient()
    const browser = await signedIn()
    const open = (scope: string, resource?: string) =>
      browser.open(authorizationUrl(server, client, { scope, resource }))
    await browser.press(await open('orders:create'), 'Allow')
    await browser.press(await open('profile', mcp), 'Allow')
    expect(isAsked(await open('profile', mcp))).toBe(false)
    expect(isAsked(await open('orders:create', mcp))).toBe(true)
    expect(isAsked(await open('profile'))).toBe(true)
  })

  test('needs a consent for the default API too, even without scopes', async () => {
    const client = await server.addClient()
    const browser = await signedIn()
    const open = (resource?: string) =>
      browser.open(authorizationUrl(server, client, { scope: '', resource }))
    await browser.press(await open(mcp), 'Allow')
    expect(isAsked(await open())).toBe(true)
    await browser.press(await open(), 'Allow')
    expect([isAsked(await open()), isAsked(await open(mcp))]).toEqual([false, false])
    expect(isAsked(await open(billing))).toBe(true)
  })

  test('needs a new consent after the user has disconnected it', async () => {
    const client = await server.addClient()
    const browser = await signedIn()
    const open = () => browser.open(authorizationUrl(server, client, { resource: mcp }))
    await browser.press(await open(), 'Allow')
    expect(isAsked(await open())).toBe(false)
    await server.server.authorizations.disconnect(user.id, client.id)
    expect(isAsked(await open())).toBe(true)
  })

  test('cannot add it to the consent form', async () => {
    const client = await server.addClient()
    const browser = await signedIn()
    const page = await browser.open(authorizationUrl(server, client, { scope: 'orders:read' }))
    const { url } = await browser.press(page, 'Allow', { resource: mcp })
    const tokens = await getTokens(server, client, {
      grant_type: 'authorization_code',
      code: url.searchParams.get('code') ?? '',
      redirect_uri: client.redirectUri,
    })
    expect(decodeJwt(tokens.access_token).aud).toBe(server.issuer)
    expect(formOf(page, 'Allow').fields).not.toHaveProperty('resource')
  })
})

describe('a token for one API', () => {
  test('does not work at another one', async () => {
    const client = await server.addClient()
    const visit = { server, browser: openBrowser(server), client, user }
    const atMcp = await getCodeFlowTokens(visit, { resource: mcp })
    const ask = async (resource: string | undefined): Promise<number> => {
      const guard = server.server.user(...(resource === undefined ? [] : [{ resource }]))
      const headers = { authorization: `Bearer ${atMcp.access_token}` }
      const result = await guard(new Request('https://api.example', { headers }))
      return result instanceof Response ? result.status : 200
    }
    // The accepted one first and last, so that a cached token is refused too.
    const statuses: number[] = []
    for (const resource of [mcp, undefined, billing, server.issuer, mcp]) statuses.push(await ask(resource))
    expect(statuses).toEqual([200, 401, 401, 401, 200])
  })

  test.each<[string, unknown]>([
    ['an empty list', []],
    ['a list in a list', [[mcp]]],
    ['an object', { 0: mcp, length: 1 }],
    ['a list with a number', [mcp, 1]],
    ['a list with an empty text', [mcp, '']],
    ['text that only starts like the resource', `${mcp}.evil.example`],
    ['a path below the resource', `${mcp}/`],
    ['the resource between others in one text', `${billing} ${mcp}`],
    ['the resource with a line break', `${mcp}\n`],
    ['the resource with a user name', mcp.replace('//', '//id.example@')],
    ['another case of the path', `${issuer}/MCP`],
    ['a wildcard', '*'],
  ])('cannot have an audience of %s', async (_, aud) => {
    const { body } = await requestFor(mcp)
    const { header, payload } = decodeToken(String(body['access_token']))
    const token = signToken({ header, payload: { ...payload, aud, jti: JSON.stringify(aud) } })
    const guard = server.server.machine({ resource: mcp })
    const result = await guard(new Request(mcp, { headers: { authorization: `Bearer ${token}` } }))
    expect(result instanceof Response && result.status).toBe(401)
  })
})

describe('a resource with tricks in it', () => {
  test.each([
    `${mcp}/..`,
    `${mcp}/`,
    `${mcp}%2f`,
    `${issuer}/%6dcp`,
    `${issuer}//mcp`,
    `${issuer}\\mcp`,
    'https:id.example/mcp',
    'https:///id.example/mcp',
    'http://id.example/mcp',
    'https://id.example./mcp',
    'https://id.example@evil.example/mcp',
    'https://evil.example/https://id.example/mcp',
    `${mcp}?`,
    `${mcp}#`,
    `${mcp}\n`,
    ` ${mcp}`,
    `${mcp} ${billing}`,
    `${mcp},${billing}`,
    '//id.example/mcp',
    '/mcp',
    'urn:id.example:mcp',
    '__proto__',
    'https://ıd.example/mcp',
    `https://id.example/${'a/../'.repeat(2_000)}mcp/x`,
  ])('%j is refused', async (resource) => {
    const { status, body } = await requestFor(resource)
    expect([status, body['error']]).toEqual([400, 'invalid_target'])
  })

  test.each(['HTTPS://ID.EXAMPLE:443/mcp', `${issuer}/x/../mcp`, `${issuer}/./mcp`])(
    '%j is the resource in another spelling, and the token has ours',
    async (resource) => {
      const { body } = await requestFor(resource)
      expect(decodeJwt(String(body['access_token'])).aud).toBe(mcp)
    },
  )

  test('can be repeated thousands of times without effect', async () => {
    const { body } = await requestFor(Array.from({ length: 1_500 }, () => mcp))
    expect(decodeJwt(String(body['access_token'])).aud).toBe(mcp)
  })
})

describe('the metadata of a resource', () => {
  test('is the same for every Host, forwarded host and query', async () => {
    const genuine = await fetch(`${identity.origin}/.well-known/oauth-protected-resource/mcp`)
    const body = await genuine.text()
    for (const headers of [
      ['Host: evil.example'],
      ['Host: id.example', 'X-Forwarded-Host: evil.example', 'Forwarded: host=evil.example'],
      ['Host: id.example', 'X-Original-URL: https://evil.example/mcp'],
    ]) {
      const path = '/.well-known/oauth-protected-resource/mcp?resource=https://evil.example'
      const response = await sendRaw(
        identity,
        lines(`GET ${path} HTTP/1.1`, ...headers, 'Connection: close', '', ''),
      )
      expect(response).toContain(body)
      expect(response).not.toContain('evil.example')
    }
  })

  test('is not found by an absolute URL of another host', async () => {
    const target = 'http://evil.example/.well-known/oauth-protected-resource/mcp'
    const response = await sendRaw(
      identity,
      lines(`GET ${target} HTTP/1.1`, 'Host: evil.example', 'Connection: close', '', ''),
    )
    expect(response).not.toContain('"resource":"http://evil.example')
  })

  test('cannot be changed by a request', async () => {
    const path = '/.well-known/oauth-protected-resource/mcp'
    const response = await fetch(identity.origin + path, { method: 'POST', body: `resource=${billing}` })
    expect(response.status).toBe(405)
  })
})

test('a challenge contains no text of the request', async () => {
  const guard = server.server.machine({ resource: mcp })
  const url = 'https://evil.example/"%0d%0aX:y?resource_metadata=https://evil.example'
  const headers = { authorization: 'Bearer ", resource_metadata="https://evil.example', host: 'evil.example' }
  const result = await guard(new Request(url, { headers }))
  expect(result instanceof Response && result.headers.get('www-authenticate')).toBe(
    `Bearer realm="${server.issuer}", error="invalid_token", error_description="Invalid token", resource_metadata="${issuer}/.well-known/oauth-protected-resource/mcp"`,
  )
})

test('a request for another API continues after a sign-in', async () => {
  const client = await server.addClient()
  const page = await authorize(openBrowser(server), authorizationUrl(server, client, { resource: mcp }), user)
  const tokens = await getTokens(server, client, {
    grant_type: 'authorization_code',
    code: page.url.searchParams.get('code') ?? '',
    redirect_uri: client.redirectUri,
  })
  expect(decodeJwt(tokens.access_token).aud).toBe(mcp)
})
