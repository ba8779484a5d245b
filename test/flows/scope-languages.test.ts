import { afterAll, describe, expect, test } from 'vitest'
import { openBrowser } from '../support/browser.ts'
import { addDeviceClient, enterCode, startDevice } from '../support/device.ts'
import { authorizationUrl, authorize } from '../support/oauth-client.ts'
import { openTokenApi } from '../support/personal-tokens.ts'
import { LOCALIZED_SCOPES, READ_ORDERS } from '../support/scope-languages.ts'
import { startServer } from '../support/server.ts'

const server = await startServer({ scopes: LOCALIZED_SCOPES, pages: { languages: ['en'] } })
const user = await server.addUser()
const client = await server.addClient()
afterAll(server.close)

/** Opens a browser that asks for a language with each request. */
const browserIn = (acceptLanguage: string) =>
  openBrowser({
    ...server,
    send: (url, { headers, ...init }) => {
      const all = new Headers(headers)
      all.set('accept-language', acceptLanguage)
      return fetch(url, { ...init, headers: all })
    },
  })

const VIETNAMESE = `<bdi lang="vi">${READ_ORDERS.vi}</bdi>`
const TRADITIONAL = `<bdi lang="zh-Hant">${READ_ORDERS['zh-Hant']}</bdi>`

/** Signs in and returns the HTML of the consent page. */
async function consentPage(acceptLanguage: string, parameters: Readonly<Record<string, string>> = {}) {
  const browser = browserIn(acceptLanguage)
  const url = authorizationUrl(server, client, { scope: 'orders:read profile', ...parameters })
  const page = await browser.open(url)
  return (await browser.signIn(page, user)).body
}

describe('the consent page describes scopes', () => {
  test.each([
    ['vi-VN,vi;q=0.9,en;q=0.8', {}, VIETNAMESE],
    ['zh-TW,zh;q=0.9,en;q=0.8', {}, TRADITIONAL],
    ['zh-CN,zh;q=0.9', {}, `<bdi lang="zh-Hans">${READ_ORDERS['zh-Hans']}</bdi>`],
    ['vi', { ui_locales: 'tlh zh-Hant' }, TRADITIONAL],
    ['vi', { ui_locales: 'tlh' }, VIETNAMESE],
    ['vi', { ui_locales: 'en' }, `<bdi>${READ_ORDERS.en}</bdi>`],
    ['fr', {}, `<bdi>${READ_ORDERS.en}</bdi>`],
    ['', {}, `<bdi>${READ_ORDERS.en}</bdi>`],
    [`${'x,'.repeat(400)}vi`, {}, `<bdi>${READ_ORDERS.en}</bdi>`],
  ])('for Accept-Language %j and %j', async (acceptLanguage, parameters, expected) => {
    expect(await consentPage(acceptLanguage, parameters)).toContain(expected)
  })

  test('in the first language there is if none of them is English or preferred', async () => {
    expect(await consentPage('vi')).toContain('<bdi lang="de">Ihr Profil sehen</bdi>')
  })
})

test('the page for a device describes scopes in the language of the browser', async () => {
  const device = await startDevice(server, await addDeviceClient(server))
  expect((await enterCode(browserIn('vi'), device, user)).body).toContain(VIETNAMESE)
})

describe('personal access tokens', () => {
  test('are described in the language of the browser, in the form, the list and on a new token', async () => {
    const browser = browserIn('zh-HK')
    const signedIn = await authorize(browser, server.endpoint('/account/tokens'), user)
    expect(signedIn.body).toContain(TRADITIONAL)
    const created = await browser.press(signedIn, 'Generate token', { name: 'A', 'scope:orders:read': 'on' })
    expect(created.body).toContain(TRADITIONAL)
    const list = await browser.open(server.endpoint('/account/tokens'))
    expect(list.body).toContain(`<li>${TRADITIONAL}</li>`)
  })

  test('can be created by an app that lists the scopes in a language', async () => {
    const browser = browserIn('vi')
    await authorize(browser, server.endpoint('/account/tokens'), user)
    const { body, headers } = await openTokenApi(server, { browser }).request('/oauth/scopes')
    expect(body).toEqual([
      { id: 'orders:read', description: READ_ORDERS.vi },
      { id: 'orders:create', description: LOCALIZED_SCOPES['orders:create'] },
      { id: 'profile', description: 'Ihr Profil sehen' },
    ])
    expect([headers.get('content-language'), headers.get('cache-control')]).toEqual(['vi, de', 'no-store'])
  })
})

describe('the server', () => {
  test('lists its scopes', () => {
    expect(server.server.scopes).toEqual(['orders:read', 'orders:create', 'profile'])
  })

  test('describes the scopes that it knows, in the first language there is', () => {
    const ids = ['profile', 'orders:read', '*', 'unknown', '__proto__', 'orders:create']
    expect(server.server.scopesFor(ids, { languages: ['not a tag', 'fr', 'vi'] })).toEqual([
      { id: 'profile', description: 'Ihr Profil sehen', lang: 'de' },
      { id: 'orders:read', description: READ_ORDERS.vi, lang: 'vi' },
      { id: 'orders:create', description: LOCALIZED_SCOPES['orders:create'] },
    ])
    expect(server.server.scopesFor(['orders:read'])).toEqual([
      { id: 'orders:read', description: READ_ORDERS.en, lang: 'en' },
    ])
  })

  test('knows which scopes are defined, and * as all of them', () => {
    const ids = ['orders:read', '*', 'orders', '', 'constructor']
    expect(ids.map((id) => server.server.hasScope(id))).toEqual([true, true, false, false, false])
  })
})
