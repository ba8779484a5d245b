import { createServer } from 'node:http'
import type { IncomingMessage, Server, ServerResponse } from 'node:http'
import { text } from 'node:stream/consumers'
import type { Browser, BrowserContextOptions, Locator, Page, ViewportSize } from 'playwright-core'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { createPages } from '../../src/pages/render.ts'
import type { PagesOptions } from '../../src/pages/render.ts'
import type { ViewProps } from '../../src/pages/props.ts'
import { AXE } from '../support/axe.ts'
import { chromium, openBrowser, recordProblems } from '../support/chromium.ts'
import { isThorough } from '../support/dose.ts'
import { CONTRAST, overflowOf, styleOf, violationsOf } from './page-checks.ts'
import { SAMPLES } from '../support/page-samples.ts'
import type { Sample } from '../support/page-samples.ts'
import { listen } from '../support/server.ts'

type Box = Awaited<ReturnType<Locator['boundingBox']>>

/** A form that was posted. */
interface Submission {
  readonly url: string | undefined
  readonly origin: string | undefined
  readonly fields: Record<string, string>
}

/** A tab that tests share, and what went wrong on its page. */
interface Tab {
  readonly page: Page
  readonly complaints: string[]
}

/** How a tab shows a page. */
type Look = Pick<BrowserContextOptions, 'javaScriptEnabled' | 'reducedMotion' | 'forcedColors'> & {
  readonly viewport?: ViewportSize
}

const NARROW = { width: 320, height: 640 }
const WIDE = { width: 1280, height: 720 }

const STATES = Object.entries<Sample>(SAMPLES)

/** Outside CI, each page in one state: the last one has the most on it. */
const CHECKED = isThorough
  ? STATES
  : [...new Map(STATES.map(([name, sample]) => [sample[0], [name, sample] as const])).values()]

/** Outside CI, three pages with a logo and links, which look the same on all pages. */
const WITH_LINKS = isThorough
  ? STATES.map(([, sample]) => sample)
  : [SAMPLES['sign-in'], SAMPLES['consent for more with choices'], SAMPLES['personal access tokens']]

describe.skipIf(!chromium)('the pages in Chromium', () => {
  let browser: Browser
  let ours: Server
  let client: Server
  let origin: string
  let clientOrigin: string
  let shown: Sample
  let options: Partial<PagesOptions> = {}
  let formTargets: string[] = []
  const submissions: Submission[] = []
  const requests: (string | undefined)[] = []

  beforeAll(async () => {
    ours = createServer((request, response) => void answer(request, response))
    client = createServer((_request, response) => response.end('back at the client'))
    origin = await listen(ours)
    clientOrigin = await listen(client)
    browser = await openBrowser()
  })

  afterEach(() => {
    formTargets = []
    options = {}
    submissions.length = 0
    requests.length = 0
  })

  afterAll(async () => {
    const pages = [...tabs.values()].map(({ page }) => page)
    await Promise.all(pages.map((page) => page.context().close()))
    for (const server of [ours, client]) server?.close()
  })

  /** A GET shows the page with its real headers; a POST is recorded and redirects to the client. */
  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    requests.push(request.url)
    if (request.method === 'POST') {
      const fields = Object.fromEntries(new URLSearchParams(await text(request)))
      submissions.push({ url: request.url, origin: request.headers.origin, fields })
      response.writeHead(303, { location: clientOrigin }).end()
    } else {
      const pages = createPages({ name: 'Orchard', ...options })
      const { headers, body } = await pages.render(shown[0], shown[1], { formTargets })
      response.writeHead(200, headers).end(body)
    }
  }

  async function show(page: Page, sample: Sample): Promise<void> {
    shown = sample
    await page.goto(origin)
  }

  /** Shows a page in a tab that all tests share: a new context takes longer than most checks. */
  async function open(
    sample: Sample,
    { javaScriptEnabled = true, viewport = WIDE, ...media }: Look = {},
  ): Promise<Tab> {
    const tab = tabs.get(javaScriptEnabled) ?? (await openTab(javaScriptEnabled))
    tabs.set(javaScriptEnabled, tab)
    await tab.page.setViewportSize(viewport)
    await tab.page.emulateMedia({ media: null, reducedMotion: null, forcedColors: null, ...media })
    tab.complaints.length = 0
    await show(tab.page, sample)
    return tab
  }
  /** With JavaScript, and without. */
  const tabs = new Map<boolean, Tab>()

  async function openTab(javaScriptEnabled: boolean): Promise<Tab> {
    const page = await browser.newPage({ javaScriptEnabled })
    return { page, complaints: recordProblems(page) }
  }

  /** All samples share two tabs. */
  describe('in every state', () => {
    let scripted: Page
    let plain: Page
    let complaints: string[]

    beforeAll(async () => {
      // Without transitions, colors change with the scheme and not some time later.
      scripted = await browser.newPage({ reducedMotion: 'reduce', viewport: NARROW })
      plain = await browser.newPage({ javaScriptEnabled: false, viewport: NARROW })
      complaints = recordProblems(scripted)
      await scripted.addInitScript(AXE)
    })

    afterAll(() => Promise.all([scripted, plain].map((page) => page?.context().close())))

    test.each(CHECKED)(
      '%s: axe finds nothing, and nothing overflows 320 pixels in either direction',
      async (_name, sample) => {
        await scripted.emulateMedia({ colorScheme: 'light' })
        await show(scripted, sample)
        expect(await overflowOf(scripted)).toEqual([])
        expect(await violationsOf(scripted)).toEqual([])
        await scripted.emulateMedia({ colorScheme: 'dark' })
        expect(await violationsOf(scripted, CONTRAST)).toEqual([])
        if (isThorough) await checkWide(scripted)
        expect(await styleOf(scripted.locator('body'), 'display')).toBe('grid')
        await turnAround(scripted)
        expect(await overflowOf(scripted)).toEqual([])
        expect(complaints.splice(0)).toEqual([])
      },
    )

    /** The same page at 1280 pixels. */
    async function checkWide(page: Page): Promise<void> {
      await page.emulateMedia({ colorScheme: 'light' })
      await page.setViewportSize(WIDE)
      expect(await violationsOf(page)).toEqual([])
      await page.setViewportSize(NARROW)
    }

    const turnAround = (page: Page): Promise<void> =>
      page.locator('html').evaluate((root) => root.setAttribute('dir', 'rtl'))

    test.each(isThorough ? ['#ffffff', '#000000', '#ffd400', '#0a1a3f', '#00ff00'] : ['#000000', '#ffd400'])(
      'any accent is readable: %s',
      async (accent) => {
        options = { accent, links: { privacy: '/privacy', forgotPassword: '/forgot', signUp: '/sign-up' } }
        for (const name of ['consent for a client with details', 'sign-in'] as const) {
          await scripted.emulateMedia({ colorScheme: 'light' })
          await show(scripted, SAMPLES[name])
          expect(await violationsOf(scripted, CONTRAST)).toEqual([])
          await scripted.emulateMedia({ colorScheme: 'dark' })
          expect(await violationsOf(scripted, CONTRAST)).toEqual([])
        }
      },
    )

    test('a logo, links and right-to-left text fit into 320 pixels without scripts', async () => {
      const logo = `data:image/svg+xml,${encodeURIComponent('<svg xmlns="http://www.w3.org/2000/svg" width="900" height="90"/>')}`
      options = {
        logo,
        links: { privacy: '/privacy', terms: '/terms', support: '/help', signUp: '/sign-up' },
      }
      for (const sample of WITH_LINKS) {
        await show(plain, sample)
        expect(await overflowOf(plain)).toEqual([])
        await turnAround(plain)
        expect(await overflowOf(plain)).toEqual([])
      }
    })

    test('no page asks for /favicon.ico', async () => {
      await show(scripted, SAMPLES['sign-in'])
      await show(plain, SAMPLES['signed out'])
      expect(new Set(requests)).toEqual(new Set(['/']))
    })
  })

  describe('consent', () => {
    test.each([
      ['Allow', '/oauth/authorize', { _token: 'anti-forgery', request: 'sealed' }],
      ["Don't allow", '/oauth/authorize', { _token: 'anti-forgery', request: 'sealed', _method: 'DELETE' }],
      ['Not you? Use another account', '/auth/switch', { _token: 'anti-forgery', request: 'sealed' }],
    ])(
      '"%s" posts from our own origin and follows the redirect to the client, without scripts',
      async (label, url, fields) => {
        formTargets = [clientOrigin]
        const { page } = await open(SAMPLES['consent'], { javaScriptEnabled: false })
        await page.getByRole('button', { name: label, exact: true }).click()
        await page.getByText('back at the client').waitFor()
        expect(submissions).toEqual([{ url, origin, fields }])
      },
    )

    test('sends the scopes that are checked, and lists those that were allowed before, without scripts', async () => {
      formTargets = [clientOrigin]
      const { page } = await open(SAMPLES['consent for more with choices'], { javaScriptEnabled: false })
      const allowed = page.getByText('See your name and picture')
      expect(await allowed.isVisible()).toBe(false)
      await page.getByText('Already allowed (1)').click()
      expect(await allowed.isVisible()).toBe(true)
      await page.getByRole('checkbox', { name: 'See your orders' }).uncheck()
      await page.getByRole('button', { name: 'Allow', exact: true }).click()
      await page.getByText('back at the client').waitFor()
      expect(submissions[0]?.fields).toEqual({
        _token: 'anti-forgery',
        request: 'sealed',
        'scope:orders:create': 'on',
      })
    })

    test('a required scope cannot be unchecked, and a denial sends no scopes', async () => {
      formTargets = [clientOrigin]
      const { page } = await open(SAMPLES['consent with choices'], { javaScriptEnabled: false })
      const required = page.getByRole('checkbox', { name: 'See your orders (required)' })
      expect([await required.isChecked(), await required.isDisabled()]).toEqual([true, true])
      await page.getByRole('button', { name: "Don't allow" }).click()
      await page.getByText('back at the client').waitFor()
      expect(Object.keys(submissions[0]?.fields ?? {})).toEqual(['_token', 'request', '_method'])
    })

    test('a redirect to an origin that is not a form target is blocked', async () => {
      const { page, complaints } = await open(SAMPLES['consent'])
      const complained = page.waitForEvent('console', (message) => message.type() === 'error')
      await page.getByRole('button', { name: 'Allow', exact: true }).click()
      await complained
      expect(complaints.join()).toContain(
        'violates the following Content Security Policy directive: "form-action \'self\'"',
      )
      expect(page.url()).toBe(`${origin}/`)
    })

    test('the keyboard reaches the account, then Allow, then Don’t allow, each with a visible focus', async () => {
      const { page } = await open(SAMPLES['consent'])
      expect(await focused(page)).toEqual({ label: '', outline: 'none' })
      for (const label of ['Not you? Use another account', 'Allow', "Don't allow"]) {
        await page.keyboard.press('Tab')
        expect(await focused(page)).toEqual({ label, outline: 'solid' })
      }
    })

    test('the two decisions are side by side, or below each other on a narrow screen', async () => {
      const { page } = await open(SAMPLES['consent'])
      const top = async (name: string) =>
        (await page.getByRole('button', { name, exact: true }).boundingBox())?.y
      expect(await top('Allow')).toBe(await top("Don't allow"))
      await page.setViewportSize(NARROW)
      expect(await top('Allow')).toBeLessThan((await top("Don't allow")) ?? 0)
    })

    test('a script in the logo of a client does not run', async () => {
      const script = `parent.ran = true; top.location = 'https://evil.example/'`
      const logo = `data:image/svg+xml,${encodeURIComponent(`<svg xmlns="http://www.w3.org/2000/svg" width="8" height="8" onload="${script}"><script>${script}</script><rect width="8" height="8"/></svg>`)}`
      const { page, complaints } = await open(consentWith({ logo }))
      const image = page.locator('img.icon')
      expect(await image.evaluate((node) => (node as unknown as { naturalWidth: number }).naturalWidth)).toBe(
        8,
      )
      expect(await page.evaluate('window.ran')).toBeUndefined()
      expect([page.url(), complaints]).toEqual([`${origin}/`, []])
    })

    test('links of a client open in a tab that cannot access the page', async () => {
      const { page } = await open(consentWith({ homepage: 'https://orchard.example/' }))
      const link = page.getByRole('link', { name: 'orchard.example' })
      expect(await link.getAttribute('rel')).toBe('noopener noreferrer')
      expect(await link.getAttribute('target')).toBe('_blank')
    })
  })

  describe('sign-in', () => {
    test('works with the keyboard alone, without scripts', async () => {
      formTargets = [clientOrigin]
      const { page } = await open(SAMPLES['sign-in'], { javaScriptEnabled: false })
      // The browser moves the focus in the first frame that it paints, which may be after the load.
      await page.locator('#username:focus').waitFor()
      await page.keyboard.type('ada')
      await page.keyboard.press('Tab')
      await page.locator('#password:focus').waitFor()
      await page.keyboard.type('correct horse')
      await page.keyboard.press('Enter')
      await page.getByText('back at the client').waitFor()
      expect(submissions[0]?.fields).toEqual({
        _token: 'anti-forgery',
        request: 'sealed',
        username: 'ada',
        password: 'correct horse',
      })
    })

    test('the password has the focus if the user name is known', async () => {
      const { page } = await open(SAMPLES['sign-in after wrong credentials'])
      await page.locator('#password:focus').waitFor()
    })

    test('a problem is an alert, is in the title, and describes both fields', async () => {
      const { page } = await open(SAMPLES['sign-in after wrong credentials'])
      expect(await page.title()).toBe('Error: Sign in · Orchard')
      const problem = await page.getByRole('alert').textContent()
      for (const label of ['Email', 'Password']) {
        const field = page.getByLabel(label, { exact: true })
        expect(await field.getAttribute('aria-invalid')).toBe('true')
        const description = page.locator(`#${await field.getAttribute('aria-describedby')}`)
        expect(await description.textContent()).toBe(problem)
      }
    })

    test('password managers recognize the fields', async () => {
      const { page } = await open(SAMPLES['sign-in'])
      const kindOf = (label: string) => page.getByLabel(label, { exact: true }).getAttribute('autocomplete')
      expect([await kindOf('Email'), await kindOf('Password')]).toEqual(['username', 'current-password'])
    })

    test('a button shows and hides the password, which is hidden again when the form is sent', async () => {
      formTargets = [clientOrigin]
      const { page, complaints } = await open(SAMPLES['sign-in after wrong credentials'])
      const field = page.getByLabel('Password', { exact: true })
      const button = page.getByRole('button', { name: 'Show password' })
      await field.fill('correct horse')
      await button.click()
      expect(await field.getAttribute('type')).toBe('text')
      expect(await button.getAttribute('aria-pressed')).toBe('true')
      await page.locator('#password:focus').waitFor()
      await button.click()
      expect(await field.getAttribute('type')).toBe('password')
      await button.click()
      await page.evaluate(KEEP_TYPE_AT_SUBMIT)
      await field.press('Enter')
      await page.getByText('back at the client').waitFor()
      expect(submissions[0]?.fields['password']).toBe('correct horse')
      expect(await page.evaluate('window.name')).toBe('password')
      expect(complaints).toEqual([])
    })

    test('without scripts, the button to show the password is hidden', async () => {
      const { page } = await open(SAMPLES['sign-in'], { javaScriptEnabled: false })
      expect(await page.getByRole('button').allTextContents()).toEqual(['Sign in'])
    })
  })

  describe('personal access tokens', () => {
    const boxOf = (locator: Locator): Promise<Box> => locator.boundingBox()

    test('are a table at 1280 pixels and cards on a narrow screen, for assistive technology a table on both', async () => {
      const { page } = await open(SAMPLES['personal access tokens'], {
        viewport: { width: 1280, height: 800 },
      })
      const cells = page.getByRole('row').nth(1).getByRole('cell')
      const tops = async (): Promise<number> => {
        const boxes = await Promise.all((await cells.all()).map(boxOf))
        return new Set(boxes.map((box) => box?.y)).size
      }
      expect(await tops()).toBe(1)
      expect((await boxOf(page.getByRole('row').nth(2)))?.height).toBeLessThan(80)
      await page.setViewportSize({ width: 390, height: 800 })
      expect(await tops()).toBe(await cells.count())
      expect(await page.getByRole('row').count()).toBe(2)
      expect(await page.getByRole('rowheader').allTextContents()).toEqual([
        'Backup on my laptop',
        'Everything',
      ])
      expect(await page.getByRole('table', { name: 'Your tokens' }).count()).toBe(1)
    })

    test('many permissions are collapsed', async () => {
      const { page } = await open(SAMPLES['personal access tokens with many permissions'], {
        javaScriptEnabled: false,
      })
      const permission = page.getByRole('cell').getByText('See your orders of the year 2018')
      expect(await permission.isVisible()).toBe(false)
      await page.getByText('9 permissions').click()
      await permission.waitFor()
    })

    test('a revocation is announced with the name of the token', async () => {
      const { page } = await open(SAMPLES['personal access tokens after a revocation'])
      expect(await page.getByRole('status').textContent()).toBe('Old laptop was revoked.')
    })
  })

  describe('a hostile name', () => {
    const hostile = [
      ['500 letters without a space', 'W'.repeat(500)],
      ['500 words', 'really '.repeat(70)],
      ['500 emoji', '👨‍👩‍👧'.repeat(500)],
      ['right-to-left', 'تطبيق الطلبات'],
      ['an override that is never closed', '\u202egro.knab.live'],
      ['an end of isolation', '\u2069\u202egro.knab.live'],
      ['markup', '</bdi></p><h1>Your bank</h1><script>alert(1)</script>'],
    ] as const

    test.each(hostile)(
      '%s: nothing overflows, and the host and the words after it read from left to right',
      async (_what, name) => {
        const host = `${'login.'.repeat(9)}orchard.example`
        const { page } = await open(consentWith({ name, host, publisher: name }, name), { viewport: NARROW })
        expect(await overflowOf(page)).toEqual([])
        expect(await page.getByRole('heading').allTextContents()).toEqual(['Allow access?'])
        expect(await isLeftToRight(page, '.note bdi[dir]')).toBe(true)
        expect(await isLeftToRight(page, '.asks')).toBe(true)
      },
    )

    test('of a token does not overflow at any width', async () => {
      const [view, props] = SAMPLES['personal access tokens']
      const [token] = props.tokens
      const scopes = Array.from({ length: 60 }, (_, index) => ({
        id: `s${index}`,
        description: `رؤية ${index}`,
      }))
      const tokens = [{ ...token, name: 'W'.repeat(255), scopes } as (typeof props.tokens)[number]]
      const { page } = await open([view, { ...props, tokens, scopes, userName: 'w'.repeat(200) }])
      for (const width of [320, 768, 1088, 1280]) {
        await page.setViewportSize({ width, height: 800 })
        expect(await overflowOf(page)).toEqual([])
      }
    })
  })

  test('with reduced motion, nothing moves', async () => {
    const { page } = await open(SAMPLES['sign-out'], { reducedMotion: 'reduce' })
    expect(await styleOf(page.getByRole('button'), 'transition-duration')).toBe('0s')
  })

  test('with forced colors, the main button and the checkmarks keep their outlines', async () => {
    const { page } = await open(SAMPLES['consent'], { forcedColors: 'active' })
    expect(await styleOf(page.getByRole('button', { name: 'Allow', exact: true }), 'border-top-style')).toBe(
      'solid',
    )
    const color = await page.evaluate(
      `getComputedStyle(document.querySelector('.scopes li'), '::before').borderRightColor`,
    )
    expect(color).toBe(await styleOf(page.locator('body'), 'color'))
  })

  test('a printed page has no buttons', async () => {
    const { page } = await open(SAMPLES['consent'])
    await page.emulateMedia({ media: 'print' })
    expect(await page.getByRole('button').count()).toBe(0)
    expect(await page.getByText('See your orders').isVisible()).toBe(true)
  })
})

/** Runs in the page. Stores the type of the password field on submit in `window.name`, which survives the navigation. */
const KEEP_TYPE_AT_SUBMIT = `addEventListener('submit', () => { window.name = document.getElementById('password').type })`

function consentWith(client: Partial<ViewProps['consent']['client']>, text?: string): Sample {
  const [view, props] = SAMPLES['consent']
  const changed = { ...props, client: { ...props.client, ...client } }
  const description = (text ?? '').slice(0, 300)
  const scopes = [
    { id: 'a', description, isGranted: false, isOptional: true },
    { id: 'b', description, isGranted: true, isOptional: false },
  ]
  return [view, text === undefined ? changed : { ...changed, scopes, userName: text }]
}

async function focused(page: Page): Promise<{ label: string; outline: string }> {
  const element = page.locator(':focus')
  if ((await element.count()) === 0) return { label: '', outline: 'none' }
  return { label: (await element.textContent()) ?? '', outline: await styleOf(element, 'outline-style') }
}

/** Returns whether the last two letters of the element's text are displayed left to right. */
const isLeftToRight = (page: Page, selector: string): Promise<boolean> =>
  page.locator(selector).evaluate((element) => {
    const range = element.ownerDocument.createRange()
    const text = element.lastChild
    const leftOf = (index: number): number => {
      range.setStart(text, index)
      range.setEnd(text, index + 1)
      return range.getBoundingClientRect().left
    }
    return leftOf(text.length - 2) < leftOf(text.length - 1)
  })
