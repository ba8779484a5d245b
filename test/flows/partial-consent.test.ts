import { afterAll, describe, expect, test } from 'vitest'
import { authorizationCode, deviceCode, implicitGrant } from '../../src/index.ts'
import type { ConsentProps } from '../../src/pages/props.ts'
import { SCOPES } from '../support/config.ts'
import { formOf, openBrowser, type Page } from '../support/browser.ts'
import { authorizationUrl, authorize, codeIn, getTokens, type Parameters } from '../support/oauth-client.ts'
import { addDeviceClient, enterCode, getDeviceTokens, pollOutcome, startDevice } from '../support/device.ts'
import { CALLBACK, startServer, type TestClient } from '../support/server.ts'

const RESOURCE = 'https://mcp.example/mcp'
const server = await startServer({
  grants: [authorizationCode(), implicitGrant(), deviceCode()],
  resources: [RESOURCE],
  partialConsent: true,
})
const user = await server.addUser()
afterAll(server.close)

const ALL = 'orders:read orders:create profile'

/** Opens a browser in which the user is signed in, with a new client. */
async function visit(registration = {}) {
  const browser = openBrowser(server)
  await browser.signIn(await browser.open(server.endpoint('/login')), user)
  const client = await server.addClient(registration)
  const open = (parameters: Parameters = {}): Promise<Page> =>
    browser.open(authorizationUrl(server, client, { scope: ALL, ...parameters }))
  return { browser, client, open }
}

/** Returns the scopes with a checkbox. */
const choicesOn = (page: Page): readonly string[] =>
  Object.keys(formOf(page, 'Allow').fields)
    .filter((name) => name.startsWith('scope:'))
    .map((name) => name.slice('scope:'.length))

const unchecked = (...scopes: readonly string[]) =>
  Object.fromEntries(scopes.map((scope) => [`scope:${scope}`, undefined]))

const errorIn = ({ url: { searchParams } }: Page): string | null => searchParams.get('error')

async function scopeOf(client: TestClient, page: Page): Promise<string> {
  const exchange = { grant_type: 'authorization_code', code: codeIn(page), redirect_uri: CALLBACK }
  return (await getTokens(server, client, exchange)).scope
}

describe('a user who unchecks a scope', () => {
  test('grants the others: to the tokens, the event and the consent', async () => {
    const { browser, client, open } = await visit()
    const page = await open()
    expect(choicesOn(page)).toEqual(ALL.split(' '))
    const response = await browser.press(page, 'Allow', unchecked('orders:create'))
    expect(await scopeOf(client, response)).toBe('orders:read profile')
    expect(server.events.findLast(({ name }) => name === 'consent.given')?.payload).toMatchObject({
      clientId: client.id,
      scopes: ['orders:read', 'profile'],
    })
    expect(codeIn(await open({ scope: 'profile orders:read' }))).toBeTruthy()
  })

  test('is asked for that scope again, and only for that one', async () => {
    const { browser, client, open } = await visit()
    await browser.press(await open(), 'Allow', unchecked('orders:create', 'profile'))
    const page = await open()
    expect(choicesOn(page)).toEqual(['orders:create', 'profile'])
    expect(page.text).toContain('Already allowed (1) See your orders')
    expect(await scopeOf(client, await browser.press(page, 'Allow', unchecked('profile')))).toBe(
      'orders:read orders:create',
    )
    const last = await open()
    expect(choicesOn(last)).toEqual([])
    expect(await scopeOf(client, await browser.press(last, 'Allow'))).toBe(ALL)
    expect(codeIn(await open())).toBeTruthy()
  })

  test('is not asked with prompt=none, and the client learns that consent is missing', async () => {
    const { browser, open } = await visit()
    await browser.press(await open(), 'Allow', unchecked('profile'))
    expect(errorIn(await open({ prompt: 'none' }))).toBe('consent_required')
    expect(codeIn(await open({ prompt: 'none', scope: 'orders:read orders:create' }))).toBeTruthy()
  })

  test('grants the others in an implicit response too', async () => {
    const { browser, open } = await visit({ grantTypes: ['implicit'], redirectUris: [CALLBACK] })
    const page = await browser.press(
      await open({ response_type: 'token' }),
      'Allow',
      unchecked('orders:create'),
    )
    expect(new URLSearchParams(page.url.hash.slice(1)).get('scope')).toBe('orders:read profile')
  })

  test('decides for each API', async () => {
    const { browser, open } = await visit()
    await browser.press(await open({ resource: RESOURCE }), 'Allow', unchecked('profile'))
    expect(choicesOn(await open({ resource: RESOURCE }))).toEqual([])
    expect(choicesOn(await open())).toEqual(ALL.split(' '))
    expect(choicesOn(await open({ resource: [RESOURCE, server.issuer] }))).toEqual(ALL.split(' '))
  })
})

test('a user who unchecks everything denies the request', async () => {
  const { browser, open } = await visit()
  const response = await browser.press(await open(), 'Allow', unchecked(...ALL.split(' ')))
  expect(errorIn(response)).toBe('access_denied')
  expect(choicesOn(await open())).toEqual(ALL.split(' '))
})

test('a user who unchecks everything new grants what they have allowed before', async () => {
  const { browser, client, open } = await visit()
  await browser.press(await open({ scope: 'profile' }), 'Allow')
  const response = await browser.press(await open(), 'Allow', unchecked('orders:read', 'orders:create'))
  expect(await scopeOf(client, response)).toBe('profile')
})

test.each([
  ['a request for one scope', { scope: 'profile' }],
  ['a request without scopes', { scope: undefined }],
  ['scopes that were all allowed before', { prompt: 'consent' }],
])('there is no checkbox for %s', async (_, parameters) => {
  const { browser, open } = await visit()
  await browser.press(await open(), 'Allow')
  const page = await open({ prompt: 'consent', ...parameters })
  expect([choicesOn(page), page.text.includes('Already allowed')]).toEqual([[], false])
  expect(codeIn(await browser.press(page, 'Allow'))).toBeTruthy()
})

test('a JSON caller learns which scopes are optional and which are granted', async () => {
  const { browser, client, open } = await visit()
  await browser.press(await open({ scope: 'profile' }), 'Allow')
  const url = authorizationUrl(server, client, { scope: ALL })
  const { body } = await browser.open(url, { headers: { accept: 'application/json' } })
  const { scopes } = JSON.parse(body) as { scopes: readonly Record<string, unknown>[] }
  expect(scopes.map(({ id, granted, optional }) => [id, granted, optional])).toEqual([
    ['orders:read', false, true],
    ['orders:create', false, true],
    ['profile', true, false],
  ])
})

describe('a form can only take scopes away:', () => {
  test.each<[string, Readonly<Record<string, string | undefined>>]>([
    ['a scope that was not requested', { 'scope:profile': 'on' }],
    ['every scope', { 'scope:*': 'on' }],
    ['another list', { scope: 'profile', scopes: 'profile' }],
    ['names of objects', { 'scope:__proto__': 'on', 'scope:constructor': 'on' }],
  ])('a field for %s', async (_, fields) => {
    const { browser, client, open } = await visit()
    const page = await open({ scope: 'orders:read orders:create' })
    const response = await browser.press(page, 'Allow', { ...unchecked('orders:create'), ...fields })
    expect(await scopeOf(client, response)).toBe('orders:read')
    expect(codeIn(await open({ scope: 'orders:read' }))).toBeTruthy()
    expect(errorIn(await open({ scope: 'profile', prompt: 'none' }))).toBe('consent_required')
  })

  test('a form with other choices that is submitted again', async () => {
    const { browser, client, open } = await visit()
    const page = await open()
    const first = await browser.press(page, 'Allow', unchecked('orders:create', 'profile'))
    const second = await browser.press(page, 'Allow')
    expect(codeIn(second)).toBe(codeIn(first))
    expect(await scopeOf(client, second)).toBe('orders:read')
    const given = server.events.filter(({ name }) => name === 'consent.given')
    expect(given.at(-1)?.payload).toMatchObject({ clientId: client.id, scopes: ['orders:read'] })
    expect(errorIn(await open({ prompt: 'none' }))).toBe('consent_required')
  })
})

describe('two tabs', () => {
  test('that allow different scopes get what each allows, and both are remembered', async () => {
    const { browser, client, open } = await visit()
    const [left, right] = [await open(), await open()]
    const first = await browser.press(left, 'Allow', unchecked('orders:create', 'profile'))
    const second = await browser.press(right, 'Allow', unchecked('orders:read'))
    expect([await scopeOf(client, first), await scopeOf(client, second)]).toEqual([
      'orders:read',
      'orders:create profile',
    ])
    expect(codeIn(await open())).toBeTruthy()
  })

  test('of which one denies keep what the other allows', async () => {
    const { browser, open } = await visit()
    const [left, right] = [await open(), await open()]
    await browser.press(left, 'Allow', unchecked('orders:create'))
    expect(errorIn(await browser.press(right, "Don't allow"))).toBe('access_denied')
    expect(codeIn(await open({ scope: 'orders:read profile' }))).toBeTruthy()
  })

  test('of which one disconnects the app: the other asks again for what it showed as allowed', async () => {
    const { browser, client, open } = await visit()
    await browser.press(await open({ scope: 'profile' }), 'Allow')
    const page = await open()
    expect(page.text).toContain('Already allowed (1)')
    await server.server.authorizations.disconnect(user, client.id)
    const again = await browser.press(page, 'Allow')
    expect([again.text.includes('Already allowed'), choicesOn(again)]).toEqual([false, ALL.split(' ')])
    expect(codeIn(await browser.press(again, 'Allow'))).toBeTruthy()
  })

  test('of which one disconnects the app and allows a part again: the other asks for the rest', async () => {
    const { browser, client, open } = await visit()
    await browser.press(await open({ scope: 'profile orders:read' }), 'Allow')
    const page = await open()
    await server.server.authorizations.disconnect(user, client.id)
    await browser.press(await open({ scope: 'profile' }), 'Allow')
    expect(choicesOn(await browser.press(page, 'Allow'))).toEqual(['orders:read', 'orders:create'])
  })
})

test('a disconnect has no effect on a form that asks for everything again', async () => {
  const { browser, client, open } = await visit()
  await browser.press(await open(), 'Allow')
  const page = await open({ prompt: 'consent' })
  await server.server.authorizations.disconnect(user, client.id)
  expect(await scopeOf(client, await browser.press(page, 'Allow'))).toBe(ALL)
})

test('a view of your own receives which scopes are granted and optional, and grants nothing without checkboxes', async () => {
  const shown: ConsentProps[] = []
  const consent = (props: ConsentProps): string => {
    shown.push(props)
    const fields = Object.entries(props.approve.hidden).map(
      ([name, value]) => `<input type="hidden" name="${name}" value="${value}">`,
    )
    return `<form action="${props.approve.action}">${fields.join('')}<button>Allow</button></form>`
  }
  await using own = await startServer({ partialConsent: true, pages: { views: { consent } } })
  const [client, browser] = [await own.addClient(), openBrowser(own)]
  const url = (scope: string): string => authorizationUrl(own, client, { scope })
  await authorize(browser, url('profile'), await own.addUser())
  const page = await browser.open(url(ALL))
  expect(shown.at(-1)?.scopes).toEqual([
    { id: 'orders:read', description: 'See your orders', isGranted: false, isOptional: true },
    { id: 'orders:create', description: 'Place orders in your name', isGranted: false, isOptional: true },
    { id: 'profile', description: 'See your name & picture', isGranted: true, isOptional: false },
  ])
  const response = await browser.press(page, 'Allow')
  const exchange = { grant_type: 'authorization_code', code: codeIn(response), redirect_uri: CALLBACK }
  expect((await getTokens(own, client, exchange)).scope).toBe('profile')
})

test('a required scope cannot be unchecked', async () => {
  const scopes = { ...SCOPES, profile: { description: 'See your name', required: true } }
  await using strict = await startServer({ scopes, partialConsent: true })
  const [client, browser] = [await strict.addClient(), openBrowser(strict)]
  const url = authorizationUrl(strict, client, { scope: ALL })
  const page = await browser.signIn(await browser.open(url), await strict.addUser())
  expect([choicesOn(page), page.text]).toEqual([
    ['orders:read', 'orders:create'],
    expect.stringContaining('See your name (required)'),
  ])
  const response = await browser.press(page, 'Allow', unchecked(...ALL.split(' ')))
  const exchange = { grant_type: 'authorization_code', code: codeIn(response), redirect_uri: CALLBACK }
  expect((await getTokens(strict, client, exchange)).scope).toBe('profile')
})

test('with scopeInheritance, a scope that is unchecked is not granted by one above it', async () => {
  const scopes = {
    ...SCOPES,
    orders: 'Manage orders',
    users: { description: 'Manage users', required: true },
  }
  const below = { ...scopes, 'users:read': 'See users' }
  await using shop = await startServer({ scopes: below, partialConsent: true, scopeInheritance: true })
  const [client, browser] = [await shop.addClient(), openBrowser(shop)]
  const scope = 'orders orders:read orders:create users users:read'
  const url = authorizationUrl(shop, client, { scope, prompt: 'consent' })
  const page = await browser.signIn(await browser.open(url), await shop.addUser())
  // Unchecking `users:read` would have no effect, because `users` is required.
  expect(choicesOn(page)).toEqual(['orders', 'orders:read', 'orders:create'])
  const withoutParent = authorizationUrl(shop, client, { scope: 'orders:read users:read' })
  expect(choicesOn(await browser.open(withoutParent))).toEqual(['orders:read', 'users:read'])
  const grantedBy = async (...others: readonly string[]): Promise<string> => {
    const response = await browser.press(await browser.open(url), 'Allow', unchecked(...others))
    const exchange = { grant_type: 'authorization_code', code: codeIn(response), redirect_uri: CALLBACK }
    return (await getTokens(shop, client, exchange)).scope
  }
  expect(await grantedBy('orders:read')).toBe('orders:create users users:read')
  expect(await grantedBy('orders')).toBe('orders:read orders:create users users:read')
})

describe('on the page for a device', () => {
  async function askedForDevice() {
    const device = await startDevice(server, await addDeviceClient(server), { scope: ALL })
    const browser = openBrowser(server)
    return { device, browser, page: await enterCode(browser, device, user) }
  }

  test('a user can uncheck scopes, and a form grants nothing that was not requested', async () => {
    const { device, browser, page } = await askedForDevice()
    expect(choicesOn(page)).toEqual(ALL.split(' '))
    await browser.press(page, 'Allow', { ...unchecked('profile'), 'scope:*': 'on', scope: 'admin' })
    expect((await getDeviceTokens(server, device)).scope).toBe('orders:read orders:create')
    expect(server.events.findLast(({ name }) => name === 'consent.given')?.payload).toMatchObject({
      scopes: ['orders:read', 'orders:create'],
    })
  })

  test('a user who unchecks everything denies the device', async () => {
    const { device, browser, page } = await askedForDevice()
    await browser.press(page, 'Allow', unchecked(...ALL.split(' ')))
    expect(await pollOutcome(server, device)).toBe('access_denied')
  })

  test('a form with other choices that is submitted again changes nothing', async () => {
    const { device, browser, page } = await askedForDevice()
    await browser.press(page, 'Allow', unchecked('orders:create', 'profile'))
    await browser.press(page, 'Allow')
    expect((await getDeviceTokens(server, device)).scope).toBe('orders:read')
  })
})

test('without the option, a form cannot uncheck anything', async () => {
  await using plain = await startServer()
  const [client, browser] = [await plain.addClient(), openBrowser(plain)]
  const owner = await plain.addUser()
  const url = authorizationUrl(plain, client, { scope: ALL })
  const page = await authorize(browser, url, owner)
  const exchange = { grant_type: 'authorization_code', code: codeIn(page), redirect_uri: CALLBACK }
  expect((await getTokens(plain, client, exchange)).scope).toBe(ALL)
})
