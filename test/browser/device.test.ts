import { join } from 'node:path'
import { AxeBuilder } from '@axe-core/playwright'
import type { Browser, BrowserContextOptions, Page } from 'playwright-core'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { chromium, openBrowser, recordComplaints, signIn } from '../support/chromium.ts'
import { addDeviceClient, getDeviceTokens, startDevice, pollOutcome } from '../support/device.ts'
import type { Device } from '../support/device.ts'
import { callApi } from '../support/oauth-client.ts'
import { startServer } from '../support/server.ts'
import type { TestUser, TestClient, TestServer } from '../support/server.ts'

/** A folder for screenshots, to be looked at by a user; none are taken without it. */
const shots = process.env['SCREENSHOTS']

describe.skipIf(!chromium)('the device flow in Chromium', () => {
  let browser: Browser
  let server: TestServer
  let user: TestUser
  let tv: TestClient

  beforeAll(async () => {
    browser = await openBrowser()
    server = await startServer()
    user = await server.addUser()
    tv = await addDeviceClient(server)
  })

  afterEach(() => Promise.all(browser.contexts().map((context) => context.close())))

  afterAll(async () => {
    await browser?.close()
    await server?.close()
  })

  /** A page of a fresh browser, and whatever that browser complained about: its console, failed requests. */
  async function openPage(options: BrowserContextOptions = {}) {
    const context = await browser.newContext({ viewport: { width: 900, height: 820 }, ...options })
    const page = await context.newPage()
    const complaints = recordComplaints(page)
    return { page, complaints }
  }

  const press = (page: Page, name: string): Promise<void> =>
    page.getByRole('button', { name, exact: true }).click()

  const headingOf = (page: Page): Promise<string | null> => page.getByRole('heading').textContent()

  const shoot = async (page: Page, name: string): Promise<void> => {
    if (shots) await page.screenshot({ path: join(shots, `device ${name}.png`) })
  }

  describe.each([
    ['with JavaScript', { javaScriptEnabled: true }],
    [
      'without JavaScript, on a small phone in the dark',
      { javaScriptEnabled: false, viewport: { width: 320, height: 640 }, colorScheme: 'dark' as const },
    ],
  ])('%s', (name, options) => {
    test('a user signs in, mistypes the code, mends it, and allows the device', async () => {
      const device = await startDevice(server, tv, { scope: 'orders:read profile' })
      const { page, complaints } = await openPage(options)
      await page.goto(device.uri)
      await signIn(page, user)
      await shoot(page, `${name} 1 code`)
      const field = page.getByLabel('Code', { exact: true })
      await field.pressSequentially(device.userCode.slice(0, -1).toLowerCase())
      await press(page, 'Continue')
      expect(await page.getByRole('alert').textContent()).toContain('That code is invalid or has expired')
      await shoot(page, `${name} 2 wrong`)
      complaints.length = 0
      await field.press('End')
      await field.pressSequentially(device.userCode.slice(-1).toLowerCase())
      await field.press('Enter')
      expect(await headingOf(page)).toBe('Allow this device?')
      expect(await page.getByText(device.userCode, { exact: true }).isVisible()).toBe(true)
      await shoot(page, `${name} 3 consent`)
      const { width = 0 } = page.viewportSize() ?? {}
      expect(await page.locator('html').evaluate((root) => root.scrollWidth)).toBeLessThanOrEqual(width)
      expect(await pollOutcome(server, device)).toBe('authorization_pending')
      await press(page, 'Allow')
      expect(await headingOf(page)).toBe('Go back to your device')
      await shoot(page, `${name} 4 done`)
      const tokens = await getDeviceTokens(server, device)
      expect((await callApi(server, '/orders', tokens.access_token)).status).toBe(200)
      expect(complaints).toEqual([])
    })

    test('a user follows the QR code, sees the same code, and denies', async () => {
      const device = await startDevice(server, tv)
      const { page, complaints } = await openPage(options)
      await page.goto(device.completeUri)
      await signIn(page, user)
      expect(await page.getByLabel('Code', { exact: true }).inputValue()).toBe(device.userCode)
      await press(page, 'Continue')
      await press(page, "Don't allow")
      expect(await headingOf(page)).toBe('Access denied')
      await shoot(page, `${name} 5 denied`)
      expect(await pollOutcome(server, device)).toBe('access_denied')
      expect(complaints).toEqual([])
    })
  })

  /** Goes as far as the question. */
  async function ask(page: Page, device: Device, who = user): Promise<void> {
    await page.goto(device.completeUri)
    await signIn(page, who)
    await press(page, 'Continue')
  }

  test('another account takes over, and the code is filled in again', async () => {
    const [device, other] = [await startDevice(server, tv), await server.addUser()]
    const { page } = await openPage()
    await ask(page, device)
    await press(page, 'Not you? Use another account')
    await signIn(page, other)
    expect(await page.getByLabel('Code', { exact: true }).inputValue()).toBe(device.userCode)
    await press(page, 'Continue')
    expect(await page.getByText(other.email).isVisible()).toBe(true)
    await press(page, 'Allow')
    expect(await pollOutcome(server, device)).toBe('200')
  })

  test('Enter alone allows nothing, and the keyboard comes to every button', async () => {
    const device = await startDevice(server, tv)
    const { page } = await openPage()
    await ask(page, device)
    await page.keyboard.press('Enter')
    expect(await headingOf(page)).toBe('Allow this device?')
    for (const label of ['Not you? Use another account', 'Allow', "Don't allow"]) {
      await page.keyboard.press('Tab')
      expect(await page.locator(':focus').textContent()).toBe(label)
    }
    await page.keyboard.press('Enter')
    expect(await headingOf(page)).toBe('Access denied')
  })

  test('going back and forth, reloading and clicking twice do no harm', async () => {
    const device = await startDevice(server, tv)
    const { page } = await openPage()
    await ask(page, device)
    await page.getByRole('button', { name: 'Allow', exact: true }).dblclick()
    await page.getByText('Go back to your device').waitFor()
    await page.reload()
    expect(await headingOf(page)).toBe('Go back to your device')
    expect(await pollOutcome(server, device)).toBe('200')
  })

  test('axe finds nothing on the pages as they come from the server', async () => {
    const { page } = await openPage()
    const device = await startDevice(server, tv)
    const violations = async (): Promise<readonly string[]> =>
      (await new AxeBuilder({ page }).analyze()).violations.map(({ id }) => id)
    await page.goto(device.uri)
    await signIn(page, user)
    expect(await violations()).toEqual([])
    await page.getByLabel('Code', { exact: true }).fill('wrong')
    await press(page, 'Continue')
    expect(await violations()).toEqual([])
    await page.getByLabel('Code', { exact: true }).fill(device.userCode)
    await press(page, 'Continue')
    expect(await violations()).toEqual([])
    await press(page, 'Allow')
    expect(await violations()).toEqual([])
  })

  test('a form on another site that posts a code of its own asks nobody anything', async () => {
    const device = await startDevice(server, tv)
    const { page } = await openPage()
    await page.goto(device.uri)
    await signIn(page, user)
    const trap = `<form method="post" action="${device.uri}">
      <input name="user_code" value="${device.userCode}"><button>Win a prize</button></form>`
    await page.goto(`data:text/html,${encodeURIComponent(trap)}`)
    await press(page, 'Win a prize')
    await page.waitForURL(/\/(login|oauth\/device)/)
    expect(await page.getByText('Allow this device?').count()).toBe(0)
    expect(await page.getByRole('button', { name: 'Allow', exact: true }).count()).toBe(0)
  })
})
