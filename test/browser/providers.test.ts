import { createServer } from 'node:http'
import type { Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { View } from '../../src/index.ts'
import { chromium, openCleanPage, REPEATS_WITH_SCRIPTS, signIn, waitForHeading } from '../support/chromium.ts'
import { authorizationUrl, claimOf, getTokens } from '../support/oauth-client.ts'
import { startTwoProviders } from '../support/providers.ts'
import type { ProviderSetup, TwoProviders } from '../support/providers.ts'
import { listen } from '../support/server.ts'
import type { TestClient } from '../support/server.ts'

const WITH_SCRIPTS: [string, boolean] = ['with JavaScript', true]

describe.skipIf(!chromium)('two providers in Chromium', () => {
  let two: TwoProviders
  let callback: string
  const app = createServer((_request, response) =>
    response
      .writeHead(200, { 'Content-Type': 'text/html' })
      .end('<!doctype html><title>App</title><link rel="icon" href="data:,"><h1>Back at the app</h1>'),
  )

  beforeAll(async () => {
    two = await startTwoProviders()
    callback = `${await listen(app)}/callback`
  })
  afterAll(async () => {
    app.close()
    await two?.[Symbol.asyncDispose]()
  })

  async function openPage(javaScriptEnabled: boolean) {
    const viewport = { width: 320, height: 640 }
    const { page, problems: complaints } = await openCleanPage({ javaScriptEnabled, viewport })
    return { page, complaints }
  }

  /** Goes from the client to its provider's pages and back. Returns an access token. */
  async function visit(page: Page, side: ProviderSetup, client: TestClient): Promise<string> {
    const { server } = two
    await page.goto(authorizationUrl(server, client, { scope: 'orders:read', redirect_uri: callback }))
    await page.waitForURL(`${side.signIn}?**`)
    await signIn(page, side.user)
    await page.getByRole('button', { name: 'Allow', exact: true }).click()
    await page.waitForURL(`${callback}?**`)
    const code = new URL(page.url()).searchParams.get('code') ?? ''
    const exchange = { grant_type: 'authorization_code', code, redirect_uri: callback }
    return (await getTokens(server, client, exchange)).access_token
  }

  test.each<[string, boolean]>([
    ...(REPEATS_WITH_SCRIPTS ? [WITH_SCRIPTS] : []),
    ['without JavaScript', false],
  ])('%s users of both providers sign in, and one of them signs out', async (_name, hasScripts) => {
    const { page, complaints } = await openPage(hasScripts)
    for (const side of Object.values(two.sides)) {
      const client = await two.server.addClient({ provider: side.name, redirectUris: [callback] })
      expect(claimOf(await visit(page, side, client), 'provider')).toBe(side.name)
    }
    const { users, customers } = two.sides
    await page.goto(customers.signOut)
    await page.getByRole('button', { name: 'Sign out' }).click()
    await waitForHeading(page, "You're signed out")
    await page.getByRole('link', { name: 'Sign in again' }).click()
    await page.waitForURL(customers.signIn)
    await page.goto(users.signIn)
    await waitForHeading(page, "You're signed in")
    expect(complaints).toEqual([])
  })

  test('another user of the same provider can sign in from the consent page', async () => {
    const { customers } = two.sides
    const other = { ...customers, user: (await two.addUsersWithSameId()).customers }
    const client = await two.server.addClient({ provider: 'customers', redirectUris: [callback] })
    const { page, complaints } = await openPage(false)
    await page.goto(authorizationUrl(two.server, client, { scope: 'profile', redirect_uri: callback }))
    await signIn(page, customers.user)
    await page.getByRole('button', { name: 'Not you?' }).click()
    await page.waitForURL(`${customers.signIn}?**`)
    await signIn(page, other.user)
    await page.getByText(other.user.email).waitFor()
    expect(complaints).toEqual([])
  })

  test('a page of your own receives the provider', async () => {
    const signInView: View<'signIn'> = ({ provider }) =>
      `<!doctype html><html lang="en"><title>Sign in</title><h1>For ${provider}</h1></html>`
    await using own = await startTwoProviders({ pages: { views: { signIn: signInView } } })
    const { page } = await openPage(false)
    for (const side of Object.values(own.sides)) {
      await page.goto(side.signIn)
      await waitForHeading(page, `For ${side.name}`)
    }
  })
})
