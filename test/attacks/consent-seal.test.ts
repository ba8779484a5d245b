import { afterAll, describe, expect, test } from 'vitest'
import { formOf, openBrowser } from '../support/browser.ts'
import type { Browser, Page } from '../support/browser.ts'
import {
  approvalFields,
  authorizationUrl,
  authorize,
  codeIn,
  formBody,
  getTokens,
} from '../support/oauth-client.ts'
import { createSecrets } from '../support/secrets.ts'
import { CALLBACK, startServer } from '../support/server.ts'
import { withOtherCharacter } from '../support/forge.ts'

const server = await startServer()
const user = await server.addUser()
const client = await server.addClient()
const other = await server.addClient({ name: 'Other', redirectUris: ['https://other.example/callback'] })
afterAll(server.close)

const url = authorizationUrl(server, client, { scope: 'profile', prompt: 'consent' })
const isAsked = ({ forms }: Page): boolean => forms.some(({ label }) => label === 'Allow')

async function asked(address = url, who = user): Promise<{ browser: Browser; page: Page }> {
  const browser = openBrowser(server)
  return { browser, page: await browser.signIn(await browser.open(address), who) }
}

const post = (browser: Browser, fields: Readonly<Record<string, string>>, path = '/oauth/authorize') =>
  browser.open(server.endpoint(path), { method: 'POST', body: formBody(fields) })

describe('an altered consent form has no effect:', () => {
  test('with any character of its signature changed, and cut anywhere', async () => {
    const fresh = await server.addClient({ name: 'Fresh' })
    const { browser, page } = await asked(authorizationUrl(server, fresh, { scope: 'profile' }))
    const { consent = '', ...rest } = approvalFields(page)
    const places = Array.from({ length: consent.length }, (_, index) => index)
    const altered = places
      .filter((index) => consent[index] !== '.' && (index % 3 === 0 || index > consent.length - 50))
      .map((index) => withOtherCharacter(consent, index))
    const [body = '', mac = ''] = consent.split('.')
    const cut = [
      consent.slice(1),
      consent.slice(0, -1),
      `${consent}.`,
      `${consent}=`,
      body,
      `${body}.`,
      `.${mac}`,
      '.',
    ]
    expect(altered.length).toBeGreaterThan(100)
    for (const text of [...altered, ...cut]) {
      const response = await post(browser, { ...rest, consent: text })
      expect([response.status, response.url.origin], text).toEqual([400, server.origin])
    }
    expect(isAsked(await browser.open(authorizationUrl(server, fresh, { scope: 'profile' })))).toBe(true)
    expect(codeIn(await post(browser, { ...rest, consent }))).toBeTruthy()
  })

  test('with a signature of a server with other secrets', async () => {
    await using twin = await startServer({ secrets: createSecrets() })
    const theirs = await twin.addClient({ id: client.id })
    const twinUser = await twin.addUser()
    const elsewhere = openBrowser(twin)
    const login = await elsewhere.open(authorizationUrl(twin, theirs, { scope: 'profile' }))
    const { consent = '' } = approvalFields(await elsewhere.signIn(login, twinUser))
    const { browser, page } = await asked()
    expect((await post(browser, { ...approvalFields(page), consent })).status).toBe(400)
  })
})

describe('a consent form only answers its own request:', () => {
  test('other parameters change neither client, redirect URI, scope nor state', async () => {
    const { browser, page } = await asked()
    const beside = {
      client_id: other.id,
      redirect_uri: other.redirectUri,
      scope: 'orders:create',
      state: 'stolen',
      response_type: 'token',
    }
    const path = `/oauth/authorize?${formBody(beside).toString()}`
    const response = await post(browser, { ...approvalFields(page), ...beside }, path)
    expect([response.url.origin + response.url.pathname, response.url.searchParams.get('state')]).toEqual([
      CALLBACK,
      'xyz',
    ])
    const exchange = { grant_type: 'authorization_code', code: codeIn(response), redirect_uri: CALLBACK }
    expect((await getTokens(server, client, exchange)).scope).toBe('profile')
  })

  test("another client's form stays that client's, on any page", async () => {
    const { browser, page } = await asked()
    const theirs = await browser.open(authorizationUrl(server, other, { scope: 'profile' }))
    const response = await browser.press(page, 'Allow', { consent: approvalFields(theirs)['consent'] ?? '' })
    expect(response.url.origin).toBe('https://other.example')
  })

  test("another user's form has no effect", async () => {
    const { page } = await asked(url, await server.addUser())
    const { browser, page: own } = await asked()
    const { consent = '' } = approvalFields(page)
    for (const csrf of [approvalFields(page)['csrf'] ?? '', approvalFields(own)['csrf'] ?? '']) {
      const response = await post(browser, { consent, csrf })
      expect([response.url.origin, isAsked(response)]).toEqual([server.origin, true])
    }
  })

  test('a form from before the user signed out and in again has no effect', async () => {
    const { browser, page } = await asked()
    await browser.press(await browser.open(server.endpoint('/logout')), 'Sign out')
    await browser.signIn(await browser.open(server.endpoint('/login')), user)
    const response = await post(browser, approvalFields(page))
    expect([response.url.origin, isAsked(response)]).toEqual([server.origin, true])
  })
})

describe('consent cannot be skipped:', () => {
  const tricks: readonly Readonly<Record<string, string>>[] = [
    { prompt: 'none' },
    { prompt: 'NONE' },
    { prompt: 'select_account' },
    { prompt: ' ' },
    { prompt: '__proto__' },
    { approval_prompt: 'auto' },
    { approved: 'true', allow: '1', skip_consent: '1', consent_given: 'true' },
    { _method: 'POST' },
    { consent: 'x', csrf: 'x' },
  ]

  test.each(tricks)('with %j in the request', async (parameters) => {
    const wary = await server.addClient({ name: 'Wary' })
    const { browser } = await asked()
    const response = await browser.open(authorizationUrl(server, wary, { scope: 'profile', ...parameters }))
    expect(response.url.searchParams.get('code')).toBeNull()
  })

  test('with the answer in the URL instead of a form', async () => {
    const { browser, page } = await asked()
    const fields = formBody(approvalFields(page)).toString()
    expect(isAsked(await browser.open(`${url}&${fields}`))).toBe(true)
    expect((await browser.open(server.endpoint(`/oauth/authorize?${fields}`))).status).toBe(400)
  })

  test('with two prompts', async () => {
    const { browser } = await asked()
    const response = await browser.open(`${url}&prompt=none`)
    expect([response.status, response.url.origin]).toEqual([400, server.origin])
  })

  test('with more scopes than were granted before', async () => {
    const wary = await server.addClient({ name: 'Wary' })
    const { browser, page } = await asked(authorizationUrl(server, wary, { scope: 'profile' }))
    await browser.press(page, 'Allow')
    const more = await browser.open(authorizationUrl(server, wary, { scope: 'profile orders:create' }))
    expect(isAsked(more)).toBe(true)
  })

  test('with a client that a user registered with skipsConsent', async () => {
    const registration = { name: 'Sly', ownerId: 'mallory', redirectUris: [CALLBACK] }
    await expect(server.server.clients.create({ ...registration, skipsConsent: true })).rejects.toThrow(
      'skipsConsent',
    )
    const sly = await server.addClient(registration)
    await server.store.clients.update(sly.id, { skipsConsent: true })
    expect((await server.server.clients.find(sly.id))?.skipsConsent).toBe(true)
    const { page } = await asked(authorizationUrl(server, sly, { scope: 'profile' }))
    expect(isAsked(page)).toBe(true)
  })
})

describe('a late consent form:', () => {
  test('submitted before, does not restore a consent that was revoked since', async () => {
    const app = await server.addClient({ name: 'Disconnected' })
    const address = authorizationUrl(server, app, { scope: 'profile' })
    const { browser, page } = await asked(address)
    const code = codeIn(await browser.press(page, 'Allow'))
    await getTokens(server, app, { grant_type: 'authorization_code', code, redirect_uri: CALLBACK })
    await server.server.authorizations.disconnect(user, app.id)
    expect((await browser.press(page, 'Allow')).status).toBe(400)
    expect(isAsked(await browser.open(address))).toBe(true)
  })

  test('submitted before, does not restore it even if its code was not exchanged', async () => {
    const app = await server.addClient({ name: 'Disconnected too' })
    const address = authorizationUrl(server, app, { scope: 'profile' })
    const { browser, page } = await asked(address)
    codeIn(await browser.press(page, 'Allow'))
    await server.server.authorizations.disconnect(user, app.id)
    expect((await browser.press(page, 'Allow')).status).toBe(400)
    expect(isAsked(await browser.open(address))).toBe(true)
  })

  test('whose code was purged does not issue that code again', async () => {
    const { browser, page } = await asked()
    const code = codeIn(await browser.press(page, 'Allow'))
    await getTokens(server, client, { grant_type: 'authorization_code', code, redirect_uri: CALLBACK })
    server.clock.advance('59m')
    await server.server.purge({ hours: 0 })
    expect((await browser.press(page, 'Allow')).status).toBe(400)
    server.clock.advance('7m')
    expect((await server.server.purge({ hours: 0 })).counts.codes).toBeGreaterThan(0)
    expect((await browser.press(page, 'Allow')).status).toBe(400)
  })

  test('of a user who was disabled in the meantime issues no code and stores no consent', async () => {
    const leaver = await server.addUser()
    const { browser, page } = await asked(url, leaver)
    await server.store.users.update(leaver.id, { disabledAt: server.clock.now() })
    const response = await browser.press(page, 'Allow')
    expect([response.url.origin, response.url.pathname]).toEqual([server.origin, '/login'])
    const ref = { provider: 'users', userId: leaver.id }
    expect(await server.store.consents.find(ref, client.id)).toBeUndefined()
  })

  test.each<[string, object, object, string]>([
    [
      'the default scopes',
      { scopes: ['profile'], redirectUris: [CALLBACK] },
      { scopes: null },
      'Place orders in your name',
    ],
    [
      'the only redirect URI',
      { redirectUris: ['https://shown.example/'] },
      { redirectUris: [CALLBACK] },
      'app.example',
    ],
  ])(
    'does not approve %s that the client got while it was open',
    async (_, registration, update, shownAfterwards) => {
      await using shop = await startServer({ defaultScopes: ['profile', 'orders:create'] })
      const app = await shop.addClient({ name: 'Changing', isThirdParty: true, ...registration })
      const browser = openBrowser(shop)
      const query = formBody({ response_type: 'code', client_id: app.id, prompt: 'consent' })
      const login = await browser.open(shop.endpoint(`/oauth/authorize?${query.toString()}`))
      const page = await browser.signIn(login, await shop.addUser())
      await shop.server.clients.update(app.id, update)
      const again = await browser.press(page, 'Allow')
      expect([isAsked(again), again.url.searchParams.has('code')]).toEqual([true, false])
      expect(again.text).toContain(shownAfterwards)
      expect(codeIn(await browser.press(again, 'Allow'))).toBeTruthy()
    },
  )

  test('for a client that was revoked on another node starts the request again, without a code', async () => {
    const { id } = await server.addClient({ name: 'Revoked' })
    const { browser, page } = await asked(authorizationUrl(server, { ...client, id }, { scope: 'profile' }))
    await server.store.revocations.revoke({ kind: 'client', id }, server.clock.now())
    const response = await browser.press(page, 'Allow')
    expect([response.status, response.url.searchParams.get('client_id')]).toEqual([400, id])
  })

  test('that denies cannot be turned into an approval by a header or the query', async () => {
    const app = await server.addClient({ name: 'Denied' })
    const { browser, page } = await asked(authorizationUrl(server, app, { scope: 'profile' }))
    const response = await browser.open(server.endpoint('/oauth/authorize?_method=POST'), {
      method: 'POST',
      body: formBody(formOf(page, "Don't allow").fields),
      headers: { 'x-http-method-override': 'POST' },
    })
    expect(response.url.searchParams.get('error')).toBe('access_denied')
  })
})

test("the consent page shows where the code goes, whatever the client's name", async () => {
  const phisher = await server.addClient({
    name: 'My Bank at bank.example',
    redirectUris: ['https://phisher.example/'],
  })
  const { page } = await asked(authorizationUrl(server, phisher, { scope: 'profile' }))
  expect(page.text).toContain('phisher.example')
  const response = await authorize(
    openBrowser(server),
    authorizationUrl(server, phisher, { scope: 'profile' }),
    user,
  )
  expect(response.url.origin).toBe('https://phisher.example')
})
