import type { BrowserContext, Page } from 'playwright-core'
import { createTokenClient } from '../../src/browser/index.ts'
import type { SignInReason, TokenClient, TokenClientOptions, TokenStorage } from '../../src/browser/index.ts'
import { openCleanPage } from './chromium.ts'
import type { TestUser } from './server.ts'
import type { WebApp } from './web-app.ts'

/** A tab with the app, or a program: one token client. */
export interface Tab {
  signIn(user: Pick<TestUser, 'email' | 'password'>): Promise<void>
  /** Sends calls in parallel. Returns their statuses, or the code of the error. */
  call(url: string, count?: number): Promise<readonly (number | string)[]>
  signOut(): Promise<void>
  isSignedIn(): Promise<boolean>
  accessToken(): Promise<string | undefined>
  /** Returns whether a tab waits for a lock that another one holds. */
  isLockAwaited(): Promise<boolean>
  /** Why the user had to sign in, so far. */
  reasons(): Promise<readonly SignInReason[]>
}

/** The tabs of one browser, or the programs on one machine. */
export interface Device {
  openTabs(count: number): Promise<readonly Tab[]>
}

/** Creates storage that programs on one machine share. */
export function createSharedStorage(): TokenStorage {
  const items = new Map<string, string>()
  return {
    getItem: async (key) => items.get(key),
    setItem: async (key, value) => void items.set(key, value),
    removeItem: async (key) => void items.delete(key),
  }
}

/** A device that runs clients in Node. */
export function openProgram({ origin, network }: WebApp): Device {
  const storage = createSharedStorage()
  return {
    openTabs: async (count) =>
      Array.from({ length: count }, () =>
        tabOf(createTokenClient({ issuer: network.origin, origins: [origin], storage })),
      ),
  }
}

/** Wraps a client of this process. */
export function tabOf(auth: TokenClient): Tab {
  const reasons: SignInReason[] = []
  auth.onSignInNeeded((reason) => reasons.push(reason))
  const call = (url: string): Promise<number | string> =>
    auth.fetch(url).then(
      ({ status }) => status,
      (error: unknown) => (error as { readonly code: string }).code,
    )
  return {
    signIn: ({ email, password }) => auth.signIn({ username: email, password }),
    call: (url, count = 1) => Promise.all(Array.from({ length: count }, () => call(url))),
    signOut: auth.signOut,
    isSignedIn: auth.isSignedIn,
    accessToken: () => auth.getAccessToken(),
    isLockAwaited,
    reasons: async () => reasons,
  }
}

/** The global variables of the app's page. */
export interface PageGlobals {
  readonly sdk: { readonly createTokenClient: typeof createTokenClient }
  readonly location: { readonly href: string }
  auth: TokenClient
  reasons: SignInReason[]
}

/** Chromium, with `localStorage`. */
export const openChromium = (app: WebApp): Device => ({
  openTabs: async (count) => (await openPages(app, count)).map(pageTab),
})

/** Options of a client in a page. Only what can be sent to the page. */
export interface PageOptions extends Pick<TokenClientOptions, 'clientId' | 'origins' | 'refreshAhead'> {
  /** Default: `localStorage`. */
  readonly storageName?: 'localStorage' | 'sessionStorage' | 'none'
}

/**
 * Opens the page of the app in tabs without cookies and stored data, and creates their clients. Tests share the first tab,
 * because a new context takes longer than most tests.
 */
export async function openPages(
  app: WebApp,
  count: number,
  options: PageOptions = {},
): Promise<readonly [Page, ...Page[]]> {
  const { page } = await openCleanPage()
  await page.goto(app.origin)
  await page.evaluate(() => {
    localStorage.clear()
    sessionStorage.clear()
  })
  await createClient(app, page, options)
  const others = Array.from({ length: count - 1 }, () => openPage(app, page.context(), options))
  return [page, ...(await Promise.all(others))]
}

/** Opens the page of the app in a new tab and creates its client. */
export async function openPage(
  app: WebApp,
  context: BrowserContext,
  options: PageOptions = {},
): Promise<Page> {
  const page = await context.newPage()
  await page.goto(app.origin)
  await createClient(app, page, options)
  return page
}

/** Creates the client of a page. */
export async function createClient(app: WebApp, page: Page, options: PageOptions = {}): Promise<void> {
  await page.waitForFunction(() => 'sdk' in globalThis)
  const created: PageOptions & { readonly issuer: string } = { issuer: app.network.origin, ...options }
  await page.evaluate(createClientInPage, created)
}

/** Runs in the page. */
function createClientInPage({
  storageName = 'localStorage',
  ...options
}: PageOptions & { readonly issuer: string }): void {
  const page = globalThis as unknown as PageGlobals
  const storage = storageName === 'none' ? {} : { storage: globalThis[storageName] }
  page.auth = page.sdk.createTokenClient({ ...options, ...storage })
  page.reasons = []
  page.auth.onSignInNeeded((reason) => page.reasons.push(reason))
}

/** Controls the client of a page. */
export const pageTab = (page: Page): Tab => ({
  signIn: ({ email: username, password }) =>
    page.evaluate((credentials) => (globalThis as unknown as PageGlobals).auth.signIn(credentials), {
      username,
      password,
    }),
  call: (url, count = 1) => page.evaluate(callInPage, { url, count }),
  signOut: () => page.evaluate(() => (globalThis as unknown as PageGlobals).auth.signOut()),
  isSignedIn: () => page.evaluate(() => (globalThis as unknown as PageGlobals).auth.isSignedIn()),
  accessToken: () => page.evaluate(() => (globalThis as unknown as PageGlobals).auth.getAccessToken()),
  isLockAwaited: () => page.evaluate(isLockAwaited),
  reasons: () => page.evaluate(() => (globalThis as unknown as PageGlobals).reasons),
})

/** Runs in a page or in Node. */
const isLockAwaited = async (): Promise<boolean> => ((await navigator.locks.query()).pending ?? []).length > 0

/** Runs in the page. */
function callInPage({ url, count }: { url: string; count: number }): Promise<(number | string)[]> {
  const { auth } = globalThis as unknown as PageGlobals
  const call = (): Promise<number | string> =>
    auth.fetch(url).then(
      ({ status }) => status,
      (error: unknown) => (error as { readonly code: string }).code,
    )
  return Promise.all(Array.from({ length: count }, call))
}
