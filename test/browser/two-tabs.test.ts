import { createServer } from 'node:http'
import type { Server } from 'node:http'
import type { Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { signIn as signInApi } from '../../src/index.ts'
import { chromium, openCleanPage, startSession } from '../support/chromium.ts'
import { commonConfig } from '../support/config.ts'
import { openBrowser } from '../support/browser.ts'
import { authorizationUrl, getCodeFlowTokens } from '../support/oauth-client.ts'
import { listen, startServer } from '../support/server.ts'
import type { TestClient, TestServer, TestUser } from '../support/server.ts'
import { logIn } from '../support/sign-in-api.ts'

/** The same page in two tabs: what the user does in each, and what the second one shows after that. */
interface Row {
  /** Makes what the user changes. Returns the URL to open in both tabs. */
  readonly prepare: (user: TestUser) => Promise<string>
  readonly first: (tab: Page) => Promise<void>
  readonly second: (tab: Page) => Promise<void>
  /** A text on the second tab. */
  readonly shows: string
}

let server: TestServer
let client: TestClient
let app: Server

const press =
  (name: string) =>
  async (tab: Page): Promise<void> =>
    tab.getByRole('button', { name, exact: true }).click()

const rename =
  (name: string) =>
  async (tab: Page): Promise<void> => {
    await tab.getByLabel('App name').fill(name)
    await press('Save changes')(tab)
  }

const registerApp = async ({ id }: TestUser): Promise<string> =>
  (await server.addClient({ name: 'Tools', ownerId: id })).id

const ROWS: Readonly<Record<string, Row>> = {
  'signing out the same device': {
    async prepare(user) {
      const { session_id: id } = await logIn(server, user, { device_name: 'Old phone' })
      return server.endpoint(`/account/devices?sign_out=${id}`)
    },
    first: press('Sign out'),
    second: press('Sign out'),
    shows: 'Old phone was signed out.',
  },
  'revoking the same token': {
    async prepare(user) {
      const { token } = await server.server.personalTokens.create(user.id, { name: 'Backup' })
      return server.endpoint(`/account/tokens?revoke=${token.id}`)
    },
    first: press('Revoke token'),
    second: press('Revoke token'),
    shows: 'Backup was revoked.',
  },
  'disconnecting the same app': {
    async prepare(user) {
      const browser = openBrowser(server)
      await getCodeFlowTokens({ server, browser, client, user })
      return server.endpoint(`/account/apps?disconnect=${client.id}`)
    },
    first: press('Disconnect'),
    second: press('Disconnect'),
    shows: 'Orchard was disconnected.',
  },
  'deleting the same app': {
    prepare: async (user) => server.endpoint(`/account/developer?delete=${await registerApp(user)}`),
    first: press('Delete app'),
    second: press('Delete app'),
    shows: 'Tools was deleted.',
  },
  'changing the same app': {
    prepare: async (user) => server.endpoint(`/account/developer?app=${await registerApp(user)}`),
    first: rename('Tools of the first tab'),
    second: rename('Tools of the second tab'),
    shows: 'This app was changed in another window. Check your entries and save again.',
  },
  'generating a secret of the same app': {
    prepare: async (user) => server.endpoint(`/account/developer?rotate=${await registerApp(user)}`),
    first: press('Generate secret'),
    second: press('Generate secret'),
    shows: 'A new secret was already generated.',
  },
  'deleting an app, then changing it': {
    prepare: async (user) => server.endpoint(`/account/developer?app=${await registerApp(user)}`),
    async first(tab) {
      await tab.getByRole('link', { name: 'Delete app' }).click()
      await press('Delete app')(tab)
      await tab.getByText('Tools was deleted.').waitFor()
    },
    second: rename('Better tools'),
    shows: 'This app no longer exists.',
  },
  'allowing the same app': {
    prepare: async () => authorizationUrl(server, client, { scope: 'profile' }),
    first: press('Allow'),
    second: press('Allow'),
    shows: 'The app got a code.',
  },
  'allowing an app, then denying it': {
    prepare: async () => authorizationUrl(server, client, { scope: 'orders:read' }),
    first: press('Allow'),
    second: press("Don't allow"),
    shows: 'The app got access_denied.',
  },
}

describe.skipIf(!chromium)('two tabs', () => {
  beforeAll(async () => {
    // Shows the parameters that the client gets.
    app = createServer((request, response) => {
      const names = new URL(request.url ?? '', 'http://app').searchParams
      response.end(`The app got ${names.get('error') ?? 'a code'}.`)
    })
    const origin = await listen(app)
    server = await startServer({ userApps: {}, grants: [...commonConfig().grants, signInApi()] })
    client = await server.addClient({ redirectUris: [`${origin}/callback`] })
  })

  afterAll(async () => {
    await server?.close()
    app?.close()
  })

  test.each(Object.entries(ROWS))('%s: the second one shows how it is now', async (_what, row) => {
    const user = await server.addUser()
    const { page: first } = await openCleanPage()
    await startSession(first, server, user)
    const url = await row.prepare(user)
    await first.goto(url)
    const second = await first.context().newPage()
    await second.goto(url)
    await row.first(first)
    await first.waitForURL((at) => at.href !== url)
    await row.second(second)
    await second.getByText(row.shows).first().waitFor()
    expect(await second.getByText("We can't complete this request").count()).toBe(0)
  })
})
