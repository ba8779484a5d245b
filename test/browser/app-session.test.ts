import { join } from 'node:path'
import type { Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { runAxe } from '../support/axe.ts'
import { chromium, DARK_AND_NARROW, openCleanPage, waitForHeading } from '../support/chromium.ts'
import { authorizationUrl, createPkce } from '../support/oauth-client.ts'
import type { TestClient } from '../support/server.ts'
import { startShop } from '../support/shop.ts'
import type { Shop, ShopSession } from '../support/shop.ts'

/** The folder for screenshots; none are taken without it. */
const shots = process.env['SCREENSHOTS']

describe.skipIf(!chromium)('sign-in by an app on another origin, in Chromium', () => {
  let shop: Shop
  let client: TestClient
  let complaints: string[] = []

  beforeAll(async () => {
    // Consent is never remembered for an app on the device. Its pages allow redirects of forms to its scheme only.
    shop = await startShop({ isApart: true })
    client = await shop.server.addClient({
      type: 'public',
      name: 'Orchard Mobile',
      redirectUris: ['com.example.orchard:/callback'],
    })
    // As in Express: the session is what a middleware has put on the request.
    shop.tell = (_request, original) => {
      const { session } = original as { readonly session?: ShopSession }
      return session && { id: session.userId, authenticatedAt: session.signedInAt }
    }
  })

  afterAll(() => shop?.close())

  const urlOf = (parameters: Readonly<Record<string, string>> = {}): string =>
    authorizationUrl(shop.server, client, {
      scope: 'profile',
      code_challenge: createPkce().challenge,
      code_challenge_method: 'S256',
      ...parameters,
    })

  async function open(url: string, options = {}): Promise<Page> {
    const { page, problems } = await openCleanPage(options)
    complaints = problems
    await page.goto(url)
    return page
  }

  const signInAs = async (page: Page, name: string): Promise<void> => {
    await waitForHeading(page, 'Shop /sign-in')
    await page.getByRole('button', { name }).click()
  }

  const shoot = async (page: Page, name: string): Promise<void> => {
    if (shots) await page.screenshot({ path: join(shots, `app session ${name}.png`) })
  }

  test('the user signs in there, is asked for consent, and uses another account', async () => {
    const page = await open(urlOf())
    await signInAs(page, 'Ada')
    await waitForHeading(page, 'Allow access?')
    await page.getByText('ada of the shop').waitFor()
    await page.getByRole('button', { name: 'Not you? Use another account' }).click()
    await signInAs(page, 'Bob')
    await waitForHeading(page, 'Allow access?')
    await page.getByText('bob of the shop').waitFor()
    await shoot(page, 'consent')
    expect(complaints).toEqual([])
  })

  test('the sign-out page ends both sessions', async () => {
    const page = await open(shop.server.endpoint('/account/devices'))
    await signInAs(page, 'Ada')
    await waitForHeading(page, 'Devices')
    await shoot(page, 'devices')
    await page.goto(shop.server.endpoint('/logout'))
    await page.getByRole('button', { name: 'Sign out' }).click()
    await waitForHeading(page, "You're signed out")
    await page.goto(shop.server.endpoint('/account/devices'))
    await waitForHeading(page, 'Shop /sign-in')
    expect(complaints).toEqual([])
  })

  test.each([
    ['light', {}],
    ['dark and narrow', DARK_AND_NARROW],
  ])('the page for a sign-in that is too old leads back to the app: %s', async (look, options) => {
    const page = await open(shop.server.endpoint('/login'), options)
    await signInAs(page, 'Ada')
    await waitForHeading(page, "You're signed in")
    await page.goto(urlOf({ prompt: 'login' }))
    await waitForHeading(page, 'Shop /sign-in')
    await page.goto(new URL(page.url()).searchParams.get('return_to') ?? '')
    await waitForHeading(page, 'Sign in again')
    await shoot(page, look)
    if (look === 'light') expect((await runAxe(page)).violations).toEqual([])
    expect(await page.evaluate('document.documentElement.scrollWidth')).toBeLessThanOrEqual(
      page.viewportSize()?.width ?? 0,
    )
    await page.getByRole('link', { name: 'Sign in again' }).click()
    await signInAs(page, 'Ada')
    await waitForHeading(page, 'Allow access?')
    expect(complaints).toEqual([])
  })

  test('the page for tokens leads to the app if the sign-in is too old', async () => {
    const page = await open(shop.server.endpoint('/account/tokens'))
    await signInAs(page, 'Ada')
    await waitForHeading(page, 'Personal access tokens')
    shop.server.clock.advance('20m')
    await page.reload()
    await page.getByText('To generate a token, sign in again.').waitFor()
    await shoot(page, 'tokens')
    await page.getByRole('link', { name: 'Sign in again' }).click()
    await signInAs(page, 'Ada')
    await page.getByRole('button', { name: 'Generate token' }).waitFor()
    expect(complaints).toEqual([])
  })
})
