import type { BrowserContextOptions, Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { ACCOUNT_PAGES } from '../../src/model/account-page.ts'
import { runAxe } from '../support/axe.ts'
import { openBrowser } from '../support/browser.ts'
import {
  chromium,
  DARK_AND_NARROW,
  openCleanPage,
  REPEATS_WITH_SCRIPTS,
  startSession,
  waitForHeading,
} from '../support/chromium.ts'
import { callApi, getCodeFlowTokens } from '../support/oauth-client.ts'
import { startServer } from '../support/server.ts'
import type { TestUser, TestServer } from '../support/server.ts'
import { signInWith, USER_AGENTS } from '../support/signed-in-browser.ts'

const WITH_SCRIPTS: [string, BrowserContextOptions] = ['with scripts', {}]

describe.skipIf(!chromium)('the account pages in Chromium', () => {
  let server: TestServer
  let user: TestUser
  let complaints: string[] = []

  beforeAll(async () => {
    server = await startServer({ locate: () => 'Berlin, Germany', userApps: {} })
  })

  afterAll(() => server?.close())

  /** Signs a new user in on a phone and a desktop, and in Chromium, and opens the account. */
  async function open(options: BrowserContextOptions = {}): Promise<Page> {
    user = await server.addUser()
    await signInWith(server, user, USER_AGENTS.phone)
    await signInWith(server, user, USER_AGENTS.desktop)
    const { page, problems } = await openCleanPage(options)
    complaints = problems
    await startSession(page, server, user, USER_AGENTS.laptop)
    await page.goto(server.endpoint('/account'))
    await waitForHeading(page, 'Devices')
    return page
  }

  const deviceOf = (page: Page, name: string) => page.getByRole('listitem').filter({ hasText: name })

  const widthOf = (page: Page): Promise<number> => page.evaluate('document.documentElement.scrollWidth')

  const devicesOf = async (): Promise<number> => (await server.server.sessions.list(user)).length

  async function signOutPhone(page: Page): Promise<void> {
    await page.getByRole('link', { name: 'Sign out Safari on iPhone' }).click()
    await waitForHeading(page, 'Sign out device?')
    await page.getByRole('button', { name: 'Sign out' }).click()
    await waitForHeading(page, 'Devices')
  }

  test('devices are listed, one is signed out, then all others', async () => {
    const page = await open()
    await deviceOf(page, 'This device').getByText('Firefox on Linux').waitFor()
    await deviceOf(page, 'Safari on iPhone').getByText('Berlin, Germany').waitFor()
    await page.getByRole('link', { name: 'Sign out Safari on iPhone' }).click()
    await page.getByRole('link', { name: 'Cancel' }).click()
    await waitForHeading(page, 'Devices')
    expect(await devicesOf()).toBe(3)
    await signOutPhone(page)
    expect(await page.getByRole('status').textContent()).toBe('Safari on iPhone was signed out.')
    expect([await devicesOf(), await deviceOf(page, 'Safari on iPhone').count()]).toEqual([2, 0])
    await page.getByRole('link', { name: 'Sign out all other devices' }).click()
    await page.getByRole('button', { name: 'Sign out' }).click()
    expect(await page.getByRole('status').textContent()).toBe("You're signed out on all other devices.")
    expect([await devicesOf(), complaints]).toEqual([1, []])
  })

  test.each<[string, BrowserContextOptions]>([
    ...(REPEATS_WITH_SCRIPTS ? [WITH_SCRIPTS] : []),
    ['without JavaScript, in dark mode, at 320 pixels', DARK_AND_NARROW],
  ])('with everything on, the navigation leads to each page and marks it, %s', async (_how, options) => {
    const page = await open(options)
    const links = page.getByRole('navigation').getByRole('link')
    const names = await links.allTextContents()
    expect(names).toHaveLength(ACCOUNT_PAGES.length)
    const paths = []
    for (const name of names) {
      await links.getByText(name, { exact: true }).click()
      await page.locator('nav [aria-current=page]').getByText(name, { exact: true }).waitFor()
      expect(await page.locator('nav [aria-current]').count()).toBe(1)
      expect(await widthOf(page)).toBe(page.viewportSize()?.width)
      paths.push(new URL(page.url()).pathname)
    }
    expect([paths, complaints]).toEqual([ACCOUNT_PAGES.map((name) => `/account/${name}`), []])
  })

  test('two tabs sign out the same device, and both say so', async () => {
    const first = await open()
    const second = await first.context().newPage()
    await second.goto(first.url())
    await second.getByRole('link', { name: 'Sign out Safari on iPhone' }).click()
    await waitForHeading(second, 'Sign out device?')
    await signOutPhone(first)
    await second.getByRole('button', { name: 'Sign out' }).click()
    expect(await second.getByRole('status').textContent()).toBe('Safari on iPhone was signed out.')
    expect([await devicesOf(), complaints]).toEqual([2, []])
  })

  test('a double click and a step back change nothing', async () => {
    const page = await open()
    await page.getByRole('link', { name: 'Sign out Safari on iPhone' }).click()
    await page.getByRole('button', { name: 'Sign out' }).dblclick({ noWaitAfter: true })
    await waitForHeading(page, 'Devices')
    await page.goBack()
    await page.reload()
    await waitForHeading(page, 'Devices')
    expect(await page.getByRole('status').textContent()).toBe('Safari on iPhone was signed out.')
    expect(await devicesOf()).toBe(2)
  })

  test('everything works without JavaScript, in dark mode, at 320 pixels', async () => {
    const page = await open(DARK_AND_NARROW)
    expect(await widthOf(page)).toBe(320)
    await signOutPhone(page)
    expect(await widthOf(page)).toBe(320)
    await page.getByRole('link', { name: 'Personal tokens' }).click()
    await waitForHeading(page, 'Personal access tokens')
    expect(await widthOf(page)).toBe(320)
    await page.getByRole('link', { name: 'Devices', exact: true }).click()
    await waitForHeading(page, 'Devices')
    expect([await devicesOf(), complaints]).toEqual([2, []])
  })

  test('an app is disconnected without JavaScript, in dark mode, at 320 pixels', async () => {
    const page = await open(DARK_AND_NARROW)
    const registration = { name: 'Calendar', isThirdParty: true, homepage: 'https://calendar.example' }
    const client = await server.addClient(registration)
    const { access_token: token } = await getCodeFlowTokens({
      server,
      browser: openBrowser(server),
      client,
      user,
    })
    await page.getByRole('link', { name: 'Connected apps' }).click()
    await page.getByRole('listitem').getByText('See your orders').waitFor()
    expect(await widthOf(page)).toBe(320)
    await page.getByRole('link', { name: 'Disconnect Calendar' }).click()
    await waitForHeading(page, 'Disconnect app?')
    expect(await widthOf(page)).toBe(320)
    await page.getByRole('button', { name: 'Disconnect' }).click()
    await waitForHeading(page, 'Connected apps')
    expect(await page.getByRole('status').textContent()).toBe('Calendar was disconnected.')
    expect([(await callApi(server, '/me', token)).status, complaints]).toEqual([401, []])
  })

  test('the keyboard reaches the sign-out, the pages, then each device', async () => {
    const page = await open()
    const labels: unknown[] = []
    for (let step = 0; step < 10; step += 1) {
      await page.keyboard.press('Tab')
      labels.push(
        await page.evaluate(
          "document.activeElement.getAttribute('aria-label') ?? document.activeElement.textContent.trim()",
        ),
      )
    }
    expect(labels).toEqual([
      'Sign out',
      'Devices',
      'Password',
      'Connected apps',
      'Personal tokens',
      'Developer apps',
      'Sign out Firefox on Linux',
      'Sign out Chrome on Windows',
      'Sign out Safari on iPhone',
      'Sign out all other devices',
    ])
  })

  test('the names of devices, the navigation and the notice are accessible', async () => {
    const page = await open()
    await signOutPhone(page)
    expect((await runAxe(page)).violations.map(({ id }) => id)).toEqual([])
    expect(await page.getByRole('navigation', { name: 'Account' }).count()).toBe(1)
    expect(await page.getByRole('link', { name: 'Devices', exact: true }).getAttribute('aria-current')).toBe(
      'page',
    )
  })

  test('signing out this device leads through the usual page', async () => {
    const page = await open()
    await page.getByRole('link', { name: 'Sign out Firefox on Linux' }).click()
    await page.getByRole('button', { name: 'Sign out' }).click()
    await page.getByText("You're signed out").first().waitFor()
    await page.goto(server.endpoint('/account'))
    await waitForHeading(page, 'Sign in')
    expect(await devicesOf()).toBe(2)
  })
})
