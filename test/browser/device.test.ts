import { join } from 'node:path'
import type { BrowserContextOptions, Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import {
  chromium,
  openCleanPage,
  REPEATS_WITH_SCRIPTS,
  signIn,
  startSession,
  waitForHeading,
} from '../support/chromium.ts'
import { addDeviceClient, getDeviceTokens, startDevice, pollOutcome } from '../support/device.ts'
import type { Device } from '../support/device.ts'
import { callApi } from '../support/oauth-client.ts'
import { startServer } from '../support/server.ts'
import type { TestUser, TestClient, TestServer } from '../support/server.ts'

/** The folder for screenshots; none are taken without it. */
const shots = process.env['SCREENSHOTS']

describe.skipIf(!chromium)('the device flow in Chromium', () => {
  let server: TestServer
  let user: TestUser
  let tv: TestClient

  beforeAll(async () => {
    server = await startServer()
    user = await server.addUser()
    tv = await addDeviceClient(server)
  })

  afterAll(async () => {
    await server?.close()
  })

  /** Opens a page without cookies. */
  async function openPage(options: BrowserContextOptions = {}) {
    const { page, problems: complaints } = await openCleanPage({
      viewport: { width: 900, height: 820 },
      ...options,
    })
    return { page, complaints }
  }

  const press = (page: Page, name: string): Promise<void> =>
    page.getByRole('button', { name, exact: true }).click()

  const shoot = async (page: Page, name: string): Promise<void> => {
    if (shots) await page.screenshot({ path: join(shots, `device ${name}.png`) })
  }

  describe.each([
    ['with JavaScript', { javaScriptEnabled: true }],
    [
      'without JavaScript, at 320 pixels, in dark mode',
      { javaScriptEnabled: false, viewport: { width: 320, height: 640 }, colorScheme: 'dark' as const },
    ],
  ])('%s', (name, options) => {
    test('a user signs in, mistypes the code, corrects it, and allows the device', async () => {
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
      await field.press('End')
      await field.pressSequentially(device.userCode.slice(-1).toLowerCase())
      await field.press('Enter')
      await waitForHeading(page, 'Allow this device?')
      await page.getByText(device.userCode, { exact: true }).waitFor()
      await shoot(page, `${name} 3 consent`)
      const { width = 0 } = page.viewportSize() ?? {}
      expect(await page.locator('html').evaluate((root) => root.scrollWidth)).toBeLessThanOrEqual(width)
      expect(await pollOutcome(server, device)).toBe('authorization_pending')
      await press(page, 'Allow')
      await waitForHeading(page, 'Go back to your device')
      await shoot(page, `${name} 4 done`)
      const tokens = await getDeviceTokens(server, device)
      expect((await callApi(server, '/orders', tokens.access_token)).status).toBe(200)
      expect(complaints).toEqual([])
    })

    test.runIf(!options.javaScriptEnabled || REPEATS_WITH_SCRIPTS)(
      'a user follows the QR code, sees the same code, and denies',
      async () => {
        const device = await startDevice(server, tv)
        const { page, complaints } = await openPage(options)
        await page.goto(device.completeUri)
        await signIn(page, user)
        expect(await page.getByLabel('Code', { exact: true }).inputValue()).toBe(device.userCode)
        await press(page, 'Continue')
        await press(page, "Don't allow")
        await waitForHeading(page, 'Access denied')
        await shoot(page, `${name} 5 denied`)
        expect(await pollOutcome(server, device)).toBe('access_denied')
        expect(complaints).toEqual([])
      },
    )
  })

  /** Signs in and submits the code. */
  async function submitCode(page: Page, device: Device): Promise<void> {
    await startSession(page, server, user)
    await page.goto(device.completeUri)
    await press(page, 'Continue')
    await waitForHeading(page, 'Allow this device?')
  }

  test('after switching accounts, the code is filled in again', async () => {
    const [device, other] = [await startDevice(server, tv), await server.addUser()]
    const { page } = await openPage()
    await submitCode(page, device)
    await press(page, 'Not you? Use another account')
    await signIn(page, other)
    expect(await page.getByLabel('Code', { exact: true }).inputValue()).toBe(device.userCode)
    await press(page, 'Continue')
    await page.getByText(other.email).waitFor()
    await press(page, 'Allow')
    await waitForHeading(page, 'Go back to your device')
    expect(await pollOutcome(server, device)).toBe('200')
  })

  test('pressing Enter allows nothing, and Tab reaches every button', async () => {
    const device = await startDevice(server, tv)
    const { page } = await openPage()
    await submitCode(page, device)
    await page.keyboard.press('Enter')
    for (const label of ['Not you? Use another account', 'Allow', "Don't allow"]) {
      await page.keyboard.press('Tab')
      expect(await page.locator(':focus').textContent()).toBe(label)
    }
    await page.keyboard.press('Enter')
    await waitForHeading(page, 'Access denied')
  })

  test('a double click and a reload keep the decision', async () => {
    const device = await startDevice(server, tv)
    const { page } = await openPage()
    await submitCode(page, device)
    await page.getByRole('button', { name: 'Allow', exact: true }).dblclick()
    await waitForHeading(page, 'Go back to your device')
    await page.reload()
    await waitForHeading(page, 'Go back to your device')
    expect(await pollOutcome(server, device)).toBe('200')
  })

  test('a form on another site cannot submit a code', async () => {
    const device = await startDevice(server, tv)
    const { page } = await openPage()
    await startSession(page, server, user)
    await page.goto(device.uri)
    await waitForHeading(page, 'Connect a device')
    const trap = `<form method="post" action="${device.uri}">
      <input name="user_code" value="${device.userCode}"><button>Win a prize</button></form>`
    await page.goto(`data:text/html,${encodeURIComponent(trap)}`)
    await press(page, 'Win a prize')
    await page.waitForURL(/\/(login|oauth\/device)/)
    expect(await page.getByText('Allow this device?').count()).toBe(0)
    expect(await page.getByRole('button', { name: 'Allow', exact: true }).count()).toBe(0)
  })
})
