import { accessSync, constants } from 'node:fs'
import { delimiter, join } from 'node:path'
import { chromium as playwright } from 'playwright-core'
import type { Browser, BrowserContextOptions, Page } from 'playwright-core'
import { isThorough } from './dose.ts'
import type { TestUser } from './server.ts'

const FLAGS = [
  '--headless',
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
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

/**
 * Returns a page without cookies. Tests with the same options share it, because a new context takes longer than most tests.
 * Closes its other tabs. Storage and history remain.
 */
export async function openCleanPage(options: BrowserContextOptions = {}): Promise<CleanPage> {
  const key = JSON.stringify(options)
  const clean = cleanPages.get(key) ?? (await createCleanPage(options))
  cleanPages.set(key, clean)
  const context = clean.page.context()
  const others = context.pages().filter((page) => page !== clean.page)
  await Promise.all(others.map((page) => page.close()))
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
