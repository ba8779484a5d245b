import type { BrowserContextOptions, Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { chromium, DARK_AND_NARROW, openCleanPage, startSession } from '../support/chromium.ts'
import { callApi } from '../support/oauth-client.ts'
import { startServer } from '../support/server.ts'
import type { TestUser, TestServer } from '../support/server.ts'

describe.skipIf(!chromium)('personal access tokens in Chromium', () => {
  let server: TestServer
  let user: TestUser
  let complaints: string[] = []

  beforeAll(async () => {
    server = await startServer()
  })

  afterAll(() => server?.close())

  /** Signs in as a new user and opens the page of tokens. */
  async function open(options: BrowserContextOptions = {}): Promise<Page> {
    user = await server.addUser()
    const { page, problems } = await openCleanPage(options)
    complaints = problems
    await page.context().grantPermissions(['clipboard-read', 'clipboard-write'], { origin: server.origin })
    await startSession(page, server, user)
    await page.goto(server.endpoint('/account/tokens'))
    await page.getByRole('heading', { name: 'Personal access tokens' }).waitFor()
    return page
  }

  async function make(page: Page, name = 'Backup on my laptop'): Promise<string> {
    await page.getByLabel('Name', { exact: true }).fill(name)
    await page.getByLabel('See your orders').check()
    await page.getByLabel('Expiration').selectOption('7 days')
    await page.getByRole('button', { name: 'Generate token' }).click()
    await page.getByRole('heading', { name: 'Your new token' }).waitFor()
    const token = (await page.locator('#token').textContent()) ?? ''
    return server.knownSecrets.add('access token', token)
  }

  /** Revokes the only token. */
  async function revoke(page: Page): Promise<void> {
    await page.getByRole('link', { name: /^Revoke/ }).click()
    await page.getByRole('button', { name: 'Revoke token' }).click()
    await page.getByText('You have no tokens yet.').waitFor()
  }

  const statusOf = async (token: string): Promise<number> => (await callApi(server, '/orders', token)).status

  const selectionIn = (page: Page): Promise<string> => page.evaluate('String(getSelection())')

  const widthOf = (page: Page): Promise<number> => page.evaluate('document.documentElement.scrollWidth')

  test('a token is generated, copied, used, listed and revoked', async () => {
    const page = await open()
    const token = await make(page)
    expect(await page.evaluate('navigator.clipboard.readText()')).not.toBe(token)
    await page.getByRole('button', { name: 'Copy' }).click()
    await page.getByRole('status').getByText('Copied').waitFor()
    expect(await page.evaluate('navigator.clipboard.readText()')).toBe(token)
    expect(await statusOf(token)).toBe(200)

    await page.getByRole('link', { name: 'Back to your tokens' }).click()
    const row = page.getByRole('row').filter({ hasText: 'Backup on my laptop' })
    await row.getByText('See your orders').waitFor()
    expect(await row.getByText('UTC').count()).toBe(1)
    await page.getByRole('link', { name: 'Revoke Backup on my laptop' }).click()
    await page.getByRole('link', { name: 'Cancel' }).click()
    expect(await statusOf(token)).toBe(200)
    await revoke(page)
    expect(await page.getByRole('status').textContent()).toBe('Backup on my laptop was revoked.')
    expect([await statusOf(token), complaints]).toEqual([401, []])
  })

  test('Tab reaches a new token, and one click selects all of it', async () => {
    const page = await open()
    const token = await make(page)
    await page.keyboard.press('Tab')
    expect(await page.locator(':focus').getAttribute('id')).toBe('token')
    await page.locator('#token').click()
    expect(await selectionIn(page)).toBe(token)
  })

  test('a long token scrolls on a small screen, and is still selected as a whole', async () => {
    const page = await open({ viewport: { width: 320, height: 640 } })
    const token = await make(page)
    expect((await page.locator('#token').boundingBox())?.height).toBeLessThan(240)
    await page.locator('#token').click()
    expect(await selectionIn(page)).toBe(token)
  })

  test('if copying fails, the page says so', async () => {
    const page = await open()
    await make(page)
    await page.evaluate('navigator.clipboard.writeText = () => Promise.reject(new Error("no"))')
    await page.getByRole('button', { name: 'Copy' }).click()
    await page
      .getByRole('status')
      .getByText("Couldn't copy. Select the token and copy it manually.")
      .waitFor()
  })

  test('everything works without JavaScript, in dark mode, at 320 pixels, and there is no Copy button', async () => {
    const page = await open(DARK_AND_NARROW)
    expect(await widthOf(page)).toBe(320)
    const token = await make(page, 'W'.repeat(255))
    expect(await widthOf(page)).toBe(320)
    expect(await page.getByRole('button', { name: 'Copy' }).count()).toBe(0)
    expect(await statusOf(token)).toBe(200)
    await page.getByRole('link', { name: 'Back to your tokens' }).click()
    expect(await widthOf(page)).toBe(320)
    await revoke(page)
    expect(await widthOf(page)).toBe(320)
    expect([await statusOf(token), complaints]).toEqual([401, []])
  })

  test('reloading the page with the new token neither generates nor shows one', async () => {
    const page = await open()
    const token = await make(page)
    await page.reload()
    await page.getByRole('alert').getByText('This form was already submitted').waitFor()
    expect(await page.content()).not.toContain(token.slice(-43))
    expect(await page.getByRole('link', { name: /^Revoke/ }).count()).toBe(1)
    expect(await statusOf(token)).toBe(200)
  })

  test('a double click generates one token', async () => {
    const page = await open()
    await page.getByLabel('Name', { exact: true }).fill('Twice')
    await page.getByRole('button', { name: 'Generate token' }).dblclick({ noWaitAfter: true })
    await page.getByRole('heading', { name: /Your new token|Personal access tokens/ }).waitFor()
    await page.goto(server.endpoint('/account/tokens'))
    expect(await page.getByRole('link', { name: /^Revoke/ }).count()).toBe(1)
  })

  test('the page after a sign-in links to the account, and the account to the tokens', async () => {
    const page = await open()
    await page.goto(server.endpoint('/login'))
    await page.getByRole('link', { name: 'Your account' }).click()
    await page.getByRole('link', { name: 'Personal tokens' }).click()
    await page.getByRole('heading', { name: 'New token' }).waitFor()
  })

  test('the page links to signing out', async () => {
    const page = await open()
    await page.getByRole('link', { name: 'Sign out' }).click()
    await page.getByRole('button', { name: 'Sign out' }).click()
    await page.getByText("You're signed out").first().waitFor()
  })

  test('only the script that copies runs', async () => {
    const page = await open()
    await make(page)
    await page.evaluate(
      `document.body.append(Object.assign(document.createElement('script'), { textContent: 'window.ran = true' }))`,
    )
    expect(await page.evaluate('window.ran')).toBeUndefined()
    expect(complaints.join()).toContain('Content Security Policy')
  })
})
