import type { BrowserContextOptions, Page } from 'playwright-core'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { chromium, DARK_AND_NARROW, openCleanPage, signIn, waitForHeading } from '../support/chromium.ts'
import { createMailbox } from '../support/password-reset.ts'
import { startServer } from '../support/server.ts'
import type { TestUser, TestServer } from '../support/server.ts'

const NEW = 'battery staple correct'

describe.skipIf(!chromium)('passwords in Chromium', () => {
  const mailbox = createMailbox()
  let server: TestServer
  let user: TestUser
  let complaints: string[] = []

  beforeAll(async () => {
    server = await startServer({ passwordReset: mailbox.passwordReset })
    mailbox.watch(server.knownSecrets)
    server.knownSecrets.add('password', NEW)
  })

  afterEach(() => expect(complaints).toEqual([]))

  afterAll(() => server?.close())

  async function openPage(path: string, options: BrowserContextOptions = {}): Promise<Page> {
    user = await server.addUser()
    const { page, problems } = await openCleanPage(options)
    complaints = problems
    await page.goto(server.endpoint(path))
    return page
  }

  const widthOf = (page: Page): Promise<number> => page.evaluate('document.documentElement.scrollWidth')
  const typeOf = (page: Page, id: string): Promise<string | null> => page.locator(id).getAttribute('type')

  async function changePassword(page: Page, current?: string): Promise<void> {
    if (current !== undefined) await page.getByLabel('Current password', { exact: true }).fill(current)
    await page.getByLabel('New password', { exact: true }).fill(NEW)
    await page.getByRole('button', { name: 'Change password' }).click()
    await page.getByText('Your password was changed.').waitFor()
  }

  test('a user changes the password, shows what was typed, and stays signed in', async () => {
    const page = await openPage('/account/password')
    await signIn(page, user)
    await waitForHeading(page, 'Change password')
    server.clock.advance('20m')
    await page.reload()
    const [current, created] = await page.getByRole('button', { name: 'Show password' }).all()
    await created?.click()
    expect([await typeOf(page, '#current_password'), await typeOf(page, '#new_password')]).toEqual([
      'password',
      'text',
    ])
    await current?.click()
    expect(await typeOf(page, '#current_password')).toBe('text')
    await page.getByLabel('Current password', { exact: true }).fill('wrong')
    await page.getByLabel('New password', { exact: true }).fill(NEW)
    await page.getByRole('button', { name: 'Change password' }).click()
    await page.getByText('The current password is incorrect. Try again.').waitFor()
    expect(await page.locator('#current_password').getAttribute('aria-invalid')).toBe('true')
    await changePassword(page, user.password)
    await page.getByRole('link', { name: 'Devices' }).click()
    await waitForHeading(page, 'Devices')
  })

  test('a user follows a link for a forgotten password, whose token is in no Referer header', async () => {
    const page = await openPage('/login')
    const referrers: string[] = []
    page.on('request', (request) => referrers.push(request.headers()['referer'] ?? ''))
    await page.getByRole('link', { name: 'Forgot password?' }).click()
    await page.getByLabel(/^Email/).fill(user.email)
    await page.getByRole('button', { name: 'Send link' }).click()
    await waitForHeading(page, 'Check your messages')
    const { url, token } = await mailbox.newest(user.email)
    await page.goto(url)
    await page.getByLabel('New password', { exact: true }).fill('short')
    await page.getByRole('button', { name: 'Change password' }).click()
    await page.getByText('The password must have at least 8 characters.').waitFor()
    await page.getByLabel('New password', { exact: true }).fill(NEW)
    await page.getByRole('button', { name: 'Change password' }).click()
    await waitForHeading(page, 'Your password was changed')
    expect(referrers.length).toBeGreaterThan(3)
    expect(referrers.filter((referrer) => referrer.includes(token))).toEqual([])
    expect(page.url()).not.toContain(token)
    await page.getByRole('link', { name: 'Sign in' }).click()
    await signIn(page, { ...user, password: NEW })
    await waitForHeading(page, "You're signed in")
    await page.goto(url)
    await waitForHeading(page, 'This link no longer works')
  })

  test('everything works without scripts, in the dark, on 320 pixels', async () => {
    const page = await openPage('/forgot-password', DARK_AND_NARROW)
    await page.getByLabel(/^Email/).fill(user.email)
    await page.getByRole('button', { name: 'Send link' }).click()
    await waitForHeading(page, 'Check your messages')
    await page.goto((await mailbox.newest(user.email)).url)
    expect(await page.getByRole('button', { name: 'Show password' }).count()).toBe(0)
    await page.getByLabel('New password', { exact: true }).fill(NEW)
    await page.getByRole('button', { name: 'Change password' }).click()
    await waitForHeading(page, 'Your password was changed')
    await page.goto(server.endpoint('/account/password'))
    await signIn(page, { ...user, password: NEW })
    await waitForHeading(page, 'Change password')
    expect(await widthOf(page)).toBeLessThanOrEqual(320)
    await changePassword(page)
  })
})
