import type { Browser, BrowserContext, Page } from 'playwright-core'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { chromium, openBrowser } from '../support/chromium.ts'
import { eventually } from '../support/cluster.ts'
import { createClient, openPage, openPages, pageTab } from '../support/token-client.ts'
import type { PageGlobals, PageOptions } from '../support/token-client.ts'
import { startWebApp } from '../support/web-app.ts'
import type { WebApp } from '../support/web-app.ts'

interface SignInOptions extends PageOptions {
  readonly count?: number
  /** Runs in each page before its scripts. */
  readonly prepare?: () => void
  /** Lets the test control the clock and the timers of the pages. */
  readonly hasClock?: boolean
}

describe.skipIf(!chromium)('the browser client in Chromium', () => {
  let app: WebApp
  let browser: Browser
  let context: BrowserContext
  let isPrepared: boolean
  beforeAll(async () => {
    app = await startWebApp()
    browser = await openBrowser()
  })
  afterEach(() => (isPrepared ? context.close() : undefined))
  afterAll(() => app?.close())

  /** Opens tabs, of which the first has signed in. */
  async function signIn(options: SignInOptions = {}) {
    const user = await app.server.addUser()
    const [page, other] = await open(options)
    if (!page) throw new Error('No page was opened')
    context = page.context()
    const tab = pageTab(page)
    await tab.signIn(user)
    return { user, page, tab, other: other as Page, before: app.refreshes() }
  }

  /** Opens tabs: in a context of its own if something must happen in each page before its scripts run. */
  async function open({ count = 1, prepare, hasClock, ...options }: SignInOptions): Promise<readonly Page[]> {
    isPrepared = prepare !== undefined || hasClock === true
    if (!isPrepared) return openPages(app, count, options)
    const own = await browser.newContext()
    if (hasClock) await own.clock.install()
    if (prepare) await own.addInitScript(prepare)
    return Promise.all(Array.from({ length: count }, () => openPage(app, own, options)))
  }

  const orders = (): string => `${app.origin}/orders`
  const expire = (): void => app.server.clock.advance('16m')
  const replays = () => app.server.events.filter(({ name }) => name === 'replay.detected')
  const refreshesSince = (before: number): number => app.refreshes() - before

  test('two tabs without Web Locks stay signed in', async () => {
    const prepare = (): void => void Object.defineProperty(Navigator.prototype, 'locks', { value: undefined })
    const { tab, other, before } = await signIn({ count: 2, prepare })
    for (const round of [1, 2]) {
      expire()
      const results = await Promise.all([tab, pageTab(other)].map((one) => one.call(orders(), 10)))
      expect(results.flat()).toEqual(Array.from({ length: 20 }, () => 200))
      expect(refreshesSince(before)).toBeLessThanOrEqual(2 * round)
    }
    expect(replays()).toEqual([])
  })

  test('a tab without channels learns of a sign-out from the storage', async () => {
    const prepare = (): void => void Reflect.deleteProperty(globalThis, 'BroadcastChannel')
    const { tab, other } = await signIn({ count: 2, prepare })
    await tab.signOut()
    expect(await eventually(async () => (await pageTab(other).reasons()).length > 0)).toBe(true)
    expect(await pageTab(other).reasons()).toEqual(['signed_out'])
  })

  test('a tab that never releases the lock does not block the others', async () => {
    const { page, tab, other, before } = await signIn({ count: 2, hasClock: true })
    await page.evaluate(async () => {
      const { sign_in_id: id } = JSON.parse(localStorage.getItem('consulate') ?? '') as { sign_in_id: string }
      const held = Promise.withResolvers<void>()
      void navigator.locks.request(`consulate.${id}`, () => {
        held.resolve()
        return new Promise(() => undefined)
      })
      await held.promise
    })
    expire()
    const call = pageTab(other).call(orders())
    expect(await eventually(() => pageTab(other).isLockAwaited())).toBe(true)
    expect(refreshesSince(before)).toBe(0)
    await context.clock.runFor(10_000)
    expect(await call).toEqual([200])
    expect(await tab.call(orders())).toEqual([200])
    expect(refreshesSince(before)).toBe(1)
  })

  /** Stops all processes of the browser. Its clocks jump by three hours, and each overdue timer fires once. */
  async function suspend(duringSleep: () => void): Promise<void> {
    const session = await browser.newBrowserCDPSession()
    const { processInfo } = await session.send('SystemInfo.getProcessInfo')
    const signal = (name: NodeJS.Signals): void => processInfo.forEach(({ id }) => process.kill(id, name))
    signal('SIGSTOP')
    duringSleep()
    signal('SIGCONT')
    await context.clock.fastForward('03:00:00')
    await session.detach()
  }

  test('a laptop that was suspended for hours refreshes once when it resumes', async () => {
    const { tab, before } = await signIn({ hasClock: true })
    await suspend(() => app.server.clock.advance('3h'))
    expect(await tab.call(orders(), 20)).toEqual(Array.from({ length: 20 }, () => 200))
    expect(refreshesSince(before)).toBe(1)
  })

  test('a laptop that is suspended during a refresh uses the response when it resumes', async () => {
    const { tab, before } = await signIn({ hasClock: true })
    expire()
    const held = app.network.hold('/auth/refresh')
    const call = tab.call(orders())
    const release = await held
    await suspend(() => {
      // The grace window is over: a second refresh with the old token would be a replay.
      app.server.clock.advance('5m')
    })
    release()
    expect(await call).toEqual([200])
    expect(refreshesSince(before)).toBe(1)
    expect(await tab.reasons()).toEqual([])
  })

  test.each([
    ['an hour ahead', 3_600_000],
    ['an hour behind', -3_600_000],
  ])('a clock that is set %s changes nothing', async (_name, offset) => {
    const { page, tab, before } = await signIn({ refreshAhead: 60 })
    expect(await tab.call(orders())).toEqual([200])
    await page.evaluate((ahead) => {
      const now = Date.now
      Date.now = () => now() + ahead
    }, offset)
    expect(await tab.call(orders())).toEqual([200])
    expect(refreshesSince(before)).toBe(0)
    expire()
    expect(await tab.call(orders())).toEqual([200])
    expect(await tab.call(orders())).toEqual([200])
    expect(refreshesSince(before)).toBe(1)
  })

  test('without space in localStorage, the user stays signed in until the page is closed', async () => {
    isPrepared = false
    const [page] = await openPages(app, 1)
    await page.evaluate(fillStorage)
    const tab = pageTab(page)
    await tab.signIn(await app.server.addUser())
    expect(await tab.call(orders())).toEqual([200])
    expire()
    expect(await tab.call(orders(), 5)).toEqual([200, 200, 200, 200, 200])
    expect(await page.evaluate(() => localStorage.getItem('consulate'))).toBeNull()
    await tab.signOut()
    expect(await tab.isSignedIn()).toBe(false)
  })

  test('a full storage loses the old refresh token too, because a later use would be a replay', async () => {
    const { page, tab, other } = await signIn({ count: 2 })
    await page.evaluate(shortenStoredPair)
    await page.evaluate(fillStorage)
    expire()
    expect(await tab.call(orders())).toEqual([200])
    expire()
    // Chromium tells other tabs of a change a moment later.
    expect(await eventually(async () => !(await pageTab(other).isSignedIn()))).toBe(true)
    expect(await pageTab(other).call(orders())).toEqual([401])
    expect(await pageTab(other).reasons()).toEqual(['missing'])
    expect(await tab.call(orders())).toEqual([200])
    expect(replays()).toEqual([])
  })

  test.each(['none', 'sessionStorage'] as const)(
    'with the storage %s each tab signs in alone, and all sign out together',
    async (storageName) => {
      const { user, tab, other } = await signIn({ count: 2, storageName })
      const second = pageTab(other)
      expect(await second.isSignedIn()).toBe(false)
      await second.signIn(user)
      const token = await second.accessToken()
      await tab.signOut()
      expect(await eventually(async () => !(await second.isSignedIn()))).toBe(true)
      expect(await second.reasons()).toEqual(['signed_out'])
      expect(await eventually(async () => (await statusWith(token)) === 401)).toBe(true)
    },
  )

  test('a duplicated tab, which has a copy of the tokens, stays signed in', async () => {
    const { page, tab } = await signIn({ storageName: 'sessionStorage' })
    const opened = context.waitForEvent('page')
    await page.evaluate((url) => void (globalThis as unknown as Opener).open(url), app.origin)
    const copy = await opened
    await createClient(app, copy, { storageName: 'sessionStorage' })
    expect(await pageTab(copy).accessToken()).toBe(await tab.accessToken())
    for (const one of [tab, pageTab(copy), tab]) {
      // Longer than the grace window, in which an old refresh token would still work.
      expire()
      expect(await one.call(orders(), 2)).toEqual([200, 200])
      const token = await one.accessToken()
      for (const other of [tab, pageTab(copy)])
        expect(await eventually(async () => (await other.accessToken()) === token)).toBe(true)
    }
    expect(replays()).toEqual([])
  })

  test('a late sign-out of an earlier sign-in is ignored', async () => {
    const { page, tab, other } = await signIn({ count: 2 })
    const received = other.evaluate(
      () => new Promise((resolve) => new BroadcastChannel('consulate').addEventListener('message', resolve)),
    )
    await other.evaluate(() => undefined)
    await page.evaluate(() => {
      const channel = new BroadcastChannel('consulate')
      // oxlint-disable-next-line unicorn/require-post-message-target-origin -- not a window
      channel.postMessage({ reason: 'signed_out', signInId: 'an earlier one' })
    })
    await received
    expect(await pageTab(other).isSignedIn()).toBe(true)
    await tab.signOut()
    expect(await eventually(async () => (await pageTab(other).reasons()).length > 0)).toBe(true)
    expect(await pageTab(other).reasons()).toEqual(['signed_out'])
  })

  test('a listener that throws stops neither the sign-out nor other listeners', async () => {
    const { page, tab, user } = await signIn()
    await page.evaluate(() => {
      const globals = globalThis as unknown as PageGlobals
      globals.auth.onSignInNeeded(() => {
        throw new Error('a bug of the app')
      })
      const remove = globals.auth.onSignInNeeded(() => globals.reasons.push('missing'))
      remove()
      globals.auth.onSignInNeeded((reason) => globals.reasons.push(reason))
    })
    await tab.signOut()
    expect(await tab.reasons()).toEqual(['signed_out', 'signed_out'])
    expect(await app.server.server.sessions.list(user.id)).toEqual([])
  })

  test('a sign-out during a refresh wins', async () => {
    const { page, tab } = await signIn()
    expire()
    const held = app.network.hold('/auth/refresh')
    const call = tab.call(orders())
    const release = await held
    await tab.signOut()
    release()
    expect(await call).toEqual([401])
    expect(await page.evaluate(() => localStorage.getItem('consulate'))).toBeNull()
    expect(await tab.reasons()).toEqual(['signed_out'])
  })

  test('a sign-out without a network deletes the tokens, and reaches the server when the network is back', async () => {
    const { page, tab, user } = await signIn()
    const token = await tab.accessToken()
    await context.setOffline(true)
    await tab.signOut()
    expect(await tab.isSignedIn()).toBe(false)
    expect(await page.evaluate(() => JSON.stringify(localStorage))).not.toContain('cons_rt_')
    expect(await statusWith(token)).toBe(200)
    await context.setOffline(false)
    expect(await eventually(async () => (await app.server.server.sessions.list(user.id)).length === 0)).toBe(
      true,
    )
    expect(await statusWith(token)).toBe(401)
  })

  /** Calls the API outside the client. */
  const statusWith = async (token: string | undefined): Promise<number> =>
    (await fetch(orders(), { headers: { authorization: `Bearer ${token}` } })).status
})

interface Opener {
  open(url: string): unknown
}

/** Makes the stored text shorter than the next one, so that storing that needs space. Runs in the page. */
function shortenStoredPair(): void {
  const pair = JSON.parse(localStorage.getItem('consulate') ?? '') as Record<string, unknown>
  const { access_token, refresh_token, session_id, sign_in_id } = pair
  localStorage.setItem('consulate', JSON.stringify({ access_token, refresh_token, session_id, sign_in_id }))
}

/** Fills `localStorage` to the last character. Runs in the page. */
function fillStorage(): void {
  for (let size = 4 * 1024 * 1024; size >= 1; size /= 2) {
    try {
      for (;;) localStorage.setItem(`filler-${Math.random()}`, 'x'.repeat(size))
    } catch {
      // Full for this size.
    }
  }
}
