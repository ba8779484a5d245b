import { afterAll, describe, expect, test } from 'vitest'
import { formOf, openBrowser } from '../support/browser.ts'
import type { Browser, Page } from '../support/browser.ts'
import { authorizationUrl, authorize, formBody } from '../support/oauth-client.ts'
import { startServer } from '../support/server.ts'

const server = await startServer()
const user = await server.addUser()
const client = await server.addClient()
afterAll(server.close)

/** A browser with an open form and its fields. */
interface Scene {
  readonly browser: Browser
  readonly page: Page
  readonly fields: Readonly<Record<string, string>>
  readonly action: string
}

async function scene(path: string, label: string, typed: Record<string, string> = {}): Promise<Scene> {
  const browser = openBrowser(server)
  if (label !== 'Sign in') await browser.signIn(await browser.open(server.endpoint('/login')), user)
  const page = await browser.open(path)
  const { action, fields } = formOf(page, label)
  return { browser, page, action, fields: { ...fields, ...typed } }
}

const scenes: Readonly<Record<string, () => Promise<Scene>>> = {
  'the sign-in form': () => scene('/login', 'Sign in', { username: user.email, password: user.password }),
  'the consent form, allowing': () =>
    scene(authorizationUrl(server, client, { scope: 'profile', prompt: 'consent' }), 'Allow'),
  'the consent form, denying': () =>
    scene(authorizationUrl(server, client, { scope: 'profile', prompt: 'consent' }), "Don't allow"),
  'the sign-out form': () => scene('/logout', 'Sign out'),
}

const send = ({ browser, action, fields }: Scene, headers: Record<string, string> = {}): Promise<Page> =>
  browser.open(new URL(action, server.origin), { method: 'POST', body: formBody(fields), headers })

const isSignedIn = async (browser: Browser): Promise<boolean> =>
  (await browser.open(server.endpoint('/login'))).text.includes("You're signed in")

describe.each(Object.entries(scenes))('%s', (name, open) => {
  const isSignIn = name === 'the sign-in form'

  test.each<[string, (set: Scene) => Scene, Record<string, string>]>([
    ['without its token', (set) => ({ ...set, fields: { ...set.fields, csrf: '' } }), {}],
    ['with a made-up token', (set) => ({ ...set, fields: { ...set.fields, csrf: 'A'.repeat(43) } }), {}],
    ['from another site', (set) => set, { 'sec-fetch-site': 'cross-site' }],
    ['from another subdomain', (set) => set, { 'sec-fetch-site': 'same-site' }],
    ['from another origin', (set) => set, { origin: 'https://evil.example' }],
    ['from a hidden origin', (set) => set, { origin: 'null' }],
  ])('%s does nothing', async (_, change, headers) => {
    const set = await open()
    const response = await send(change(set), headers)
    expect(response.status).toBe(403)
    expect(response.url.origin).toBe(server.origin)
    expect(await isSignedIn(set.browser)).toBe(!isSignIn)
  })

  test("rejects another browser's token", async () => {
    const [set, other] = [await open(), await open()]
    const response = await send({ ...set, fields: { ...set.fields, csrf: other.fields['csrf'] ?? '' } })
    expect(response.status).toBe(403)
    expect(await isSignedIn(set.browser)).toBe(!isSignIn)
  })

  test('accepts its own token', async () => {
    const set = await open()
    const response = await send(set, { origin: server.origin, 'sec-fetch-site': 'same-origin' })
    expect(response.status).toBeLessThan(400)
  })
})

test('a sign-in form from before a sign-in is rejected after it', async () => {
  const set = await scene('/login', 'Sign in', { username: user.email, password: user.password })
  await send(set)
  const again = await send(set)
  expect(again.status).toBe(403)
  expect(again.text).toContain('Your session timed out. Sign in again.')
  expect(formOf(again, 'Sign in').fields['username']).toBe(user.email)
})

test('a link neither signs in nor signs out', async () => {
  const browser = openBrowser(server)
  const query = formBody({ username: user.email, password: user.password }).toString()
  await browser.open(server.endpoint(`/login?${query}`))
  expect(await isSignedIn(browser)).toBe(false)
  await authorize(browser, authorizationUrl(server, client), user)
  await browser.open(server.endpoint('/logout'))
  expect(await isSignedIn(browser)).toBe(true)
})

test('switching accounts, which needs no token, changes nothing by itself', async () => {
  const { browser } = await scene('/logout', 'Sign out')
  await browser.open(server.endpoint('/login'), { method: 'POST', body: formBody({ intent: 'switch' }) })
  expect(await isSignedIn(browser)).toBe(true)
})
