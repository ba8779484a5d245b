import { Buffer } from 'node:buffer'
import type { BrowserContextOptions, Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { chromium, DARK_AND_NARROW, openCleanPage, startSession } from '../support/chromium.ts'
import { startServer } from '../support/server.ts'
import type { TestServer, TestUser } from '../support/server.ts'

describe.skipIf(!chromium)('developer apps in Chromium', () => {
  let server: TestServer
  let user: TestUser
  let complaints: string[] = []

  beforeAll(async () => {
    server = await startServer({ userApps: {} })
  })

  afterAll(() => server?.close())

  /** Signs in as a new user and opens the form for a new app. */
  async function open(options: BrowserContextOptions = {}): Promise<Page> {
    user = await server.addUser()
    const { page, problems } = await openCleanPage(options)
    complaints = problems
    await startSession(page, server, user)
    await page.goto(server.endpoint('/account/developer'))
    await page.getByRole('link', { name: 'Register a new app' }).click()
    await page.getByLabel('App name').fill('Orchard Tools')
    await page.getByLabel('Redirect URIs').fill('https://tools.example/a\nhttps://tools.example/b')
    return page
  }

  async function press(page: Page, name: string): Promise<void> {
    await page.getByRole('button', { name, exact: true }).click()
    const secret = page.locator('#secret')
    if (await secret.count()) server.knownSecrets.add('client secret', (await secret.textContent()) ?? '')
  }

  const appsOf = () => server.server.clients.listByOwner(user.id)
  const widthOf = (page: Page): Promise<number> => page.evaluate('document.documentElement.scrollWidth')

  test('everything works without JavaScript, in dark mode, at 320 pixels', async () => {
    const page = await open(DARK_AND_NARROW)
    await press(page, 'Register app')
    await page.getByRole('heading', { name: 'Your client secret' }).waitFor()
    expect(await widthOf(page)).toBe(320)
    await page.getByRole('link', { name: 'Go to the app' }).click()
    await page.getByLabel('App name').fill('Renamed')
    await press(page, 'Save changes')
    await page.getByText('Your changes were saved.').waitFor()
    await page.getByRole('link', { name: 'Generate a new secret' }).click()
    await press(page, 'Generate secret')
    await page.getByText('Earlier secrets work until').waitFor()
    await page.getByRole('link', { name: 'Go to the app' }).click()
    expect(await widthOf(page)).toBe(320)
    await page.getByRole('link', { name: 'Delete app' }).click()
    await press(page, 'Delete app')
    await page.getByText('Renamed was deleted.').waitFor()
    expect([await widthOf(page), await appsOf(), complaints]).toEqual([320, [], []])
  })

  test('a logo that is too large is made smaller, shown and saved', async () => {
    const page = await open()
    const large = await page.evaluate<string>(`(() => {
      const canvas = Object.assign(document.createElement('canvas'), { width: 600, height: 400 })
      const context = canvas.getContext('2d')
      const image = context.createImageData(600, 400)
      let noise = 1
      image.data.forEach((_, index) => {
        noise = (noise * 48271) % 2147483647
        image.data[index] = index % 4 === 3 ? 255 : noise & 255
      })
      context.putImageData(image, 0, 0)
      return canvas.toDataURL('image/png')
    })()`)
    expect(large.length).toBeGreaterThan(32_768)
    const buffer = Buffer.from(large.split(',')[1] ?? '', 'base64')
    await page
      .getByLabel('Choose an image')
      .setInputFiles({ name: 'logo.png', mimeType: 'image/png', buffer })
    await page.getByRole('button', { name: 'Remove' }).waitFor()
    await press(page, 'Register app')
    await page.getByRole('heading', { name: 'Your client secret' }).waitFor()
    const [app] = await appsOf()
    expect(app?.logo).toMatch(/^data:image\/webp;base64,/)
    expect(app?.redirectUris).toEqual(['https://tools.example/a', 'https://tools.example/b'])
    expect(complaints).toEqual([])
  })

  test('a file that is no image is refused', async () => {
    const page = await open()
    const file = { name: 'notes.txt', mimeType: 'text/plain', buffer: Buffer.from('no image') }
    await page.getByLabel('Choose an image').setInputFiles(file)
    await page.getByText("This image can't be read. Choose another one.").waitFor()
  })
})
