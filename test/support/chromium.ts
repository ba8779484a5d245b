import { accessSync, constants } from 'node:fs'
import { delimiter, join } from 'node:path'
import { chromium as playwright } from 'playwright-core'
import type { Browser, BrowserContextOptions, Page } from 'playwright-core'
import { isThorough } from './dose.ts'
import type { TestServer, TestUser } from './server.ts'

const DISABLED_FEATURES = [
  // Each starts another process for each context, for the suggestions in the address bar.
  'WebUIOmniboxPopup',
  'WebUIOmniboxAimPopup',
  // Those that Playwright disables, because this list replaces its own.
  'AvoidUnnecessaryBeforeUnloadCheckSync',
  'DestroyProfileOnBrowserClose',
  'HttpsUpgrades',
  'HttpsFirstBalancedModeAutoEnable',
  'LensOverlay',
  'MediaRouter',
  'PaintHolding',
  'ThirdPartyStoragePartitioning',
  'AvoidCorsURLLoaderRestartOnRedirect',
  'OptimizationHints',
  'NetworkTimeServiceQuerying',
  'AimEnabled',
  'PreconnectToSearch',
]

const FLAGS = [
  '--headless',
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
  `--disable-features=${DISABLED_FEATURES.join(',')}`,
  // Tests with several hosts call them `….test`.
  '--host-resolver-rules=MAP *.test 127.0.0.1',
]

/**
 * Returns the path of Chromium: `CHROMIUM`, else /usr/bin/chromium, else the first `chromium` in `PATH`. If there is none,
 * prints how to install it and returns undefined; throws with `CI=true`, so that no test is skipped unnoticed.
 */
export function findChromium(): string | undefined {
  const paths = (process.env['PATH'] ?? '').split(delimiter).map((folder) => join(folder, 'chromium'))
  const found = process.env['CHROMIUM'] || ['/usr/bin/chromium', ...paths].find(isExecutable)
  if (found !== undefined) return found
  const reason = 'Chromium was not found. Run `apt-get install chromium`, or set CHROMIUM to its path.'
  if (process.env['CI'] === 'true') throw new Error(reason)
  console.warn(`${reason} The browser tests are skipped.`)
  return undefined
}

/** The path of Chromium, for `describe.skipIf(!chromium)`. */
export const chromium = findChromium()

/** Whether tests also repeat minor flows with JavaScript. They always run without it. */
export const REPEATS_WITH_SCRIPTS = isThorough

/** A narrow phone in dark mode, without JavaScript. */
export const DARK_AND_NARROW: BrowserContextOptions = {
  javaScriptEnabled: false,
  colorScheme: 'dark',
  viewport: { width: 320, height: 640 },
}

let launched: Promise<Browser> | undefined

/** Returns Chromium, which all files of a worker share. It ends with the worker: close contexts, not the browser. */
export function openBrowser(): Promise<Browser> {
  if (chromium === undefined) throw new Error('Chromium is not installed.')
  launched ??= playwright.launch({ executablePath: chromium, args: FLAGS })
  return launched
}

/** A page, and what went wrong on it so far. */
export interface CleanPage {
  readonly page: Page
  readonly problems: string[]
}

const cleanPages = new Map<string, CleanPage>()

const WIDE = { width: 1280, height: 720 }

/**
 * Returns a page without cookies. Tests share it, because a new context takes longer than most tests, unless their options
 * differ in more than the size and the colors. Closes its other tabs. Storage and history remain.
 */
export async function openCleanPage({
  viewport = WIDE,
  colorScheme = 'light',
  javaScriptEnabled = true,
  ...others
}: BrowserContextOptions = {}): Promise<CleanPage> {
  const options = { javaScriptEnabled, ...others }
  const key = JSON.stringify(options)
  const clean = cleanPages.get(key) ?? (await createCleanPage(options))
  cleanPages.set(key, clean)
  await clean.page.setViewportSize(viewport ?? WIDE)
  await clean.page.emulateMedia({ colorScheme })
  const context = clean.page.context()
  const tabs = context.pages().filter((page) => page !== clean.page)
  await Promise.all(tabs.map((page) => page.close()))
  await context.clearCookies()
  clean.problems.length = 0
  return clean
}

async function createCleanPage(options: BrowserContextOptions): Promise<CleanPage> {
  const browser = await openBrowser()
  const page = await (await browser.newContext(options)).newPage()
  return { page, problems: recordProblems(page) }
}

/**
 * Records errors and warnings in the console, exceptions in scripts and failed requests of a page. Omits everything that
 * depends on timing: messages of the level `info`, such as "Autofocus processing was blocked", and requests that a
 * navigation or double click canceled. Also omits error statuses of the page itself, which tests check by its text.
 */
export function recordProblems(page: Page): string[] {
  const problems: string[] = []
  const pages = new Set<string>()
  page.on('request', (request) => {
    if (request.isNavigationRequest()) pages.add(request.url())
  })
  page.on('console', (message) => {
    const isErrorPage =
      message.text().startsWith('Failed to load resource') && pages.has(message.location().url)
    if (['error', 'warning'].includes(message.type()) && !isErrorPage) problems.push(message.text())
  })
  page.on('pageerror', (error) => problems.push(String(error)))
  page.on('requestfailed', (request) => {
    const reason = request.failure()?.errorText
    if (reason !== 'net::ERR_ABORTED') problems.push(`${request.url()} failed: ${reason}`)
  })
  return problems
}

/** Fills in the sign-in page. */
export async function signIn(
  page: Page,
  { email, password }: Pick<TestUser, 'email' | 'password'>,
): Promise<void> {
  await page.getByLabel(/^Email/).fill(email)
  await page.getByLabel('Password', { exact: true }).fill(password)
  await page.getByRole('button', { name: 'Sign in' }).click()
}

/** Signs a user in with cookies, without the sign-in page: for tests of what comes after it. */
export async function startSession(
  page: Page,
  { server, origin }: Pick<TestServer, 'server' | 'origin'>,
  user: Pick<TestUser, 'id'>,
  userAgent = '',
): Promise<void> {
  const { cookies } = await server.sessions.start(user, { request: { headers: { 'user-agent': userAgent } } })
  const pairs = cookies.map((cookie) => /^([^=]+)=([^;]*)/.exec(cookie) ?? [])
  await page.context().addCookies(pairs.map(([, name = '', value = '']) => ({ name, value, url: origin })))
}

/** Waits for the page with this heading. Reading the heading right after a click could be too early. */
export async function waitForHeading(page: Page, name: string): Promise<void> {
  await page.getByRole('heading', { name, exact: true, level: 1 }).waitFor()
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK)
    return true
  } catch {
    return false
  }
}
