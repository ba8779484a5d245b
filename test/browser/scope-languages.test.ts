import { join } from 'node:path'
import type { BrowserContextOptions } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { AXE } from '../support/axe.ts'
import { chromium, DARK_AND_NARROW, openCleanPage, startSession } from '../support/chromium.ts'
import { authorizationUrl } from '../support/oauth-client.ts'
import { LOCALIZED_SCOPES, READ_ORDERS } from '../support/scope-languages.ts'
import { startServer, type TestClient, type TestServer, type TestUser } from '../support/server.ts'
import { overflowOf, violationsOf } from './page-checks.ts'

/** The folder for screenshots; none are taken without it. */
const shots = process.env['SCREENSHOTS']

describe.skipIf(!chromium)('the descriptions of scopes in Chromium', () => {
  let server: TestServer
  let user: TestUser
  let client: TestClient

  beforeAll(async () => {
    server = await startServer({ scopes: LOCALIZED_SCOPES, pages: { languages: ['en'] } })
    user = await server.addUser()
    client = await server.addClient()
  })

  afterAll(async () => {
    await server?.close()
  })

  test.each<[locale: string, lang: keyof typeof READ_ORDERS, options: BrowserContextOptions]>([
    ['vi-VN', 'vi', {}],
    ['zh-TW', 'zh-Hant', { viewport: { width: 320, height: 640 } }],
    ['zh-CN', 'zh-Hans', DARK_AND_NARROW],
  ])('are in the language of a %s browser, and marked as %s', async (locale, lang, options) => {
    const { page, problems } = await openCleanPage({ locale, ...options })
    await startSession(page, server, user)
    await page.goto(authorizationUrl(server, client, { scope: 'orders:read profile' }))
    const description = page.getByText(READ_ORDERS[lang], { exact: true })
    await description.waitFor()
    expect(await description.getAttribute('lang')).toBe(lang)
    expect(await page.locator('html').getAttribute('lang')).toBe('en')
    if (shots) await page.screenshot({ path: join(shots, `scopes ${locale}.png`), fullPage: true })
    expect(await overflowOf(page)).toEqual([])
    if (options.javaScriptEnabled !== false) {
      await page.evaluate(AXE)
      expect(await violationsOf(page)).toEqual([])
    }
    expect(problems).toEqual([])
  })
})
