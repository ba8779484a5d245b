import { afterAll, expect, test } from 'vitest'
import { sha256 } from '../../src/lib/hash.ts'
import { appRequest } from '../support/app-request.ts'
import { authorizationUrl } from '../support/oauth-client.ts'
import { openShopBrowser, shopSessionOf } from '../support/shop-browser.ts'
import { startShop } from '../support/shop.ts'
import { mutate } from './mutations/mutate.ts'
import { NAMES } from './mutations/names.ts'
import { changeValue } from './mutations/values.ts'
import { createRandom, seedOf } from './random.ts'
import { draft, FORM, toHttpRequest, toPairs, type Draft } from './request.ts'
import { readSettings } from './settings.ts'

const { count, seed } = readSettings(process.env)

const shop = await startShop({ appSession: { signOutUrl: '/sign-out' } })
const { server, sessions } = shop
afterAll(shop.close)
const client = await server.addClient()
const browser = openShopBrowser(shop, 'ada')

/** Where responses may redirect: our own pages, those of the shop, and the client. */
const TARGETS = new RegExp(
  `^(?:${shop.origin})?/(?:login|logout|sign-in|sign-out|account/\\w+|oauth/\\w+)(?:\\?|$)|^${client.redirectUri}\\?`,
)

/** Valid requests of a browser in which a user of the shop is signed in. */
async function requests(): Promise<readonly [Draft, ...Draft[]]> {
  const url = new URL(
    authorizationUrl(server, client, { prompt: 'login', login_hint: 'ada', ui_locales: 'de', max_age: '60' }),
  )
  await browser.open(url)
  const returnTo = new URL(shop.visits.at(-1)?.searchParams.get('return_to') ?? '').searchParams
  const page = await browser.open(server.endpoint('/logout'))
  const { cookie = '' } = appRequest(browser).headers as Record<string, string>
  const headers = [
    ['cookie', cookie],
    ['accept', 'text/html'],
  ] as const
  return [
    draft('/login', { query: [...returnTo], headers }),
    draft('/login', { query: [['prompt', 'login'], ...returnTo], headers }),
    draft('/oauth/authorize', { query: [...url.searchParams], headers }),
    draft('/account/tokens', { headers }),
    draft('/logout', {
      method: 'POST',
      body: toPairs(page.forms[0]?.fields ?? {}),
      headers: [FORM, ...headers],
    }),
  ]
}

test('no request to the pages of users who sign in to the app breaks them or leads elsewhere', async () => {
  const drafts = await requests()
  const ids = [...sessions.keys()]
  const secrets = [shopSessionOf(browser), ...browser.cookies.values()] as unknown as [string, ...string[]]
  for (let index = 0; index < count; index += 1) {
    const random = createRandom(seedOf(`${seed}:app-session:${index}`))
    const message = mutate(random.pick(drafts), random, { names: NAMES, secrets })
    const response = await server.server.core.handle(toHttpRequest(message))
    const location = String(response?.headers['Location'] ?? '/login')
    expect([index, (response?.status ?? 404) < 500, TARGETS.test(location) || location]).toEqual([
      index,
      true,
      true,
    ])
    expect(/[^!-~]/.test(location)).toBe(false)
  }
  // Only the shop signs users in.
  expect([...sessions.keys()]).toEqual(ids)
  expect((await server.server.sessions.list('ada')).length).toBeLessThanOrEqual(1)
  expect(await server.server.sessions.list('bob')).toEqual([])
})

test('only our own pages are accepted as a return_to', async () => {
  await requests()
  const valid =
    shop.visits.findLast(({ pathname }) => pathname === '/sign-in')?.searchParams.get('return_to') ?? ''
  expect(server.server.sessions.isReturnTo(valid)).toBe(true)
  for (let index = 0; index < count; index += 1) {
    const random = createRandom(seedOf(`${seed}:return-to:${index}`))
    const text = changeValue(valid, random, { names: NAMES, secrets: [valid, sha256(valid)] })
    if (!server.server.sessions.isReturnTo(text)) continue
    const { origin, pathname } = new URL(text)
    expect([origin, pathname]).toEqual([shop.origin, expect.stringMatching(/^\/log(?:in|out)$/)])
    expect(text.startsWith(`${shop.origin}/log`)).toBe(true)
  }
})
