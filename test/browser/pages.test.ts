import { createServer } from 'node:http'
import type { IncomingMessage, Server, ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { text } from 'node:stream/consumers'
import { AxeBuilder } from '@axe-core/playwright'
import type { Browser, BrowserContextOptions, Locator, Page } from 'playwright-core'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import type { ViewProps } from '../../src/pages/props.ts'
import { createPages } from '../../src/pages/render.ts'
import { chromium, openBrowser } from '../support/chromium.ts'
import { SAMPLES } from '../support/page-samples.ts'
import type { Sample } from '../support/page-samples.ts'

const names = Object.keys(SAMPLES)
const pages = createPages({ name: 'Orchard' })

type Box = Awaited<ReturnType<Locator['boundingBox']>>

/** A form that arrived: where, from which origin, with what. */
interface Arrival {
  readonly url: string | undefined
  readonly origin: string | undefined
  readonly fields: Record<string, string>
}

describe.skipIf(!chromium)('the pages in Chromium', () => {
  let browser: Browser
  let ours: Server
  let client: Server
  let shown: Sample
  let formTargets: string[] = []
  const arrivals: Arrival[] = []

  beforeAll(async () => {
    ours = await listen(answer)
    client = await listen((_request, response) => response.end('back at the client'))
    browser = await openBrowser()
  })

  afterEach(async () => {
    formTargets = []
    arrivals.length = 0
    await Promise.all(browser.contexts().map((context) => context.close()))
  })

  afterAll(async () => {
    await browser?.close()
    for (const server of [ours, client]) server?.close()
  })

  /** A GET shows the page with its real headers, a POST is written down and goes on to the client. */
  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    if (request.method === 'POST') {
      const fields = Object.fromEntries(new URLSearchParams(await text(request)))
      arrivals.push({ url: request.url, origin: request.headers.origin, fields })
      response.writeHead(303, { location: originOf(client) }).end()
    } else {
      response
        .writeHead(200, pages.headers(shown[0], formTargets))
        .end(await pages.render(shown[0], shown[1]))
    }
  }

  /** Opens a page in a context of its own, and gives what the browser complained about as well. */
  async function open(sample: Sample | undefined, options: BrowserContextOptions = {}) {
    if (!sample) throw new Error('There is no such sample.')
    shown = sample
    const context = await browser.newContext(options)
    const page = await context.newPage()
    const complaints: string[] = []
    page.on('console', (message) => complaints.push(message.text()))
    await page.goto(originOf(ours))
    return { page, complaints }
  }

  describe.each(names)('%s', (name) => {
    test('axe finds nothing, in the dark neither, and the policy lets our style in', async () => {
      const { page, complaints } = await open(SAMPLES[name])
      expect(await violationsOf(new AxeBuilder({ page }))).toEqual([])
      await page.emulateMedia({ colorScheme: 'dark' })
      expect(await violationsOf(new AxeBuilder({ page }).withRules('color-contrast'))).toEqual([])
      expect(complaints).toEqual([])
      expect(await styleOf(page.locator('body'), 'display')).toBe('grid')
    })

    test('fits a screen of 320 pixels without a script', async () => {
      const { page } = await open(SAMPLES[name], {
        javaScriptEnabled: false,
        viewport: { width: 320, height: 640 },
      })
      expect(await widthOf(page)).toBe(320)
      expect(await overflowing(page)).toEqual([])
    })
  })

  describe('consent', () => {
    test.each([
      ['Allow', '/oauth/authorize', { _token: 'anti-forgery', request: 'sealed' }],
      ["Don't allow", '/oauth/authorize', { _token: 'anti-forgery', request: 'sealed', _method: 'DELETE' }],
      ['Not you? Use another account', '/auth/switch', { _token: 'anti-forgery', request: 'sealed' }],
    ])(
      '"%s" posts from our own origin and follows the redirect to the client, without a script',
      async (label, url, fields) => {
        formTargets = [originOf(client)]
        const { page } = await open(SAMPLES['consent'], { javaScriptEnabled: false })
        await page.getByRole('button', { name: label, exact: true }).click()
        await page.getByText('back at the client').waitFor()
        expect(arrivals).toEqual([{ url, origin: originOf(ours), fields }])
      },
    )

    test('a redirect to an origin that is no form target is stopped', async () => {
      const { page, complaints } = await open(SAMPLES['consent'])
      const complained = page.waitForEvent('console')
      await page.getByRole('button', { name: 'Allow', exact: true }).click()
      await complained
      expect(complaints.join()).toContain(
        'violates the following Content Security Policy directive: "form-action \'self\'"',
      )
      expect(page.url()).toBe(`${originOf(ours)}/`)
    })

    test('the keyboard comes to the account, to allowing and to denying, each with a visible focus', async () => {
      const { page } = await open(SAMPLES['consent'])
      expect(await focused(page)).toEqual({ label: '', outline: 'none' })
      for (const label of ['Not you? Use another account', 'Allow', "Don't allow"]) {
        await page.keyboard.press('Tab')
        expect(await focused(page)).toEqual({ label, outline: 'solid' })
      }
    })

    test('allowing and denying stand side by side where there is room, and below each other where there is none', async () => {
      const { page } = await open(SAMPLES['consent'])
      const top = async (name: string) =>
        (await page.getByRole('button', { name, exact: true }).boundingBox())?.y
      expect(await top('Allow')).toBe(await top("Don't allow"))
      await page.setViewportSize({ width: 320, height: 640 })
      expect(await top('Allow')).toBeLessThan((await top("Don't allow")) ?? 0)
    })
  })

  describe('sign-in', () => {
    test('works with the keyboard alone, without a script', async () => {
      formTargets = [originOf(client)]
      const { page } = await open(SAMPLES['sign-in'], { javaScriptEnabled: false })
      // A browser moves the focus in the first frame that it paints, which may come after the load.
      await page.locator('#username:focus').waitFor()
      await page.keyboard.type('ada')
      await page.keyboard.press('Tab')
      await page.locator('#password:focus').waitFor()
      await page.keyboard.type('correct horse')
      await page.keyboard.press('Enter')
      await page.getByText('back at the client').waitFor()
      expect(arrivals[0]?.fields).toEqual({
        _token: 'anti-forgery',
        request: 'sealed',
        username: 'ada',
        password: 'correct horse',
      })
    })

    test('the password has the focus where the user name is known', async () => {
      const { page } = await open(SAMPLES['sign-in after wrong credentials'])
      await page.locator('#password:focus').waitFor()
      expect(await page.locator(':focus').getAttribute('id')).toBe('password')
    })

    test('a problem is an alert, is in the title, and describes both fields', async () => {
      const { page } = await open(SAMPLES['sign-in after wrong credentials'])
      expect(await page.title()).toBe('Error: Sign in · Orchard')
      const problem = await page.getByRole('alert').textContent()
      for (const label of ['Email or username', 'Password']) {
        const field = page.getByLabel(label)
        expect(await field.getAttribute('aria-invalid')).toBe('true')
        expect(await page.locator(`#${await field.getAttribute('aria-describedby')}`).textContent()).toBe(
          problem,
        )
      }
    })

    test('password managers know the fields', async () => {
      const { page } = await open(SAMPLES['sign-in'])
      expect(await page.getByLabel('Email or username').getAttribute('autocomplete')).toBe('username')
      expect(await page.getByLabel('Password').getAttribute('autocomplete')).toBe('current-password')
    })
  })

  describe('a hostile name', () => {
    const hostile = [
      ['500 letters without a space', 'W'.repeat(500)],
      ['500 words', 'really '.repeat(70)],
      ['right-to-left', 'تطبيق الطلبات'],
      ['an override that is never closed', '\u202egro.knab.live'],
      ['an end of isolation', '\u2069\u202egro.knab.live'],
      ['markup', '</bdi></p><h1>Your bank</h1><script>alert(1)</script>'],
    ] as const

    test.each(hostile)(
      '%s: nothing overflows, and the host and the words after it read from left to right',
      async (_what, name) => {
        const host = `${'login.'.repeat(9)}orchard.example`
        const { page } = await open(hostileConsent(name, host), { viewport: { width: 320, height: 640 } })
        expect(await widthOf(page)).toBe(320)
        expect(await overflowing(page)).toEqual([])
        expect(await page.getByRole('heading').allTextContents()).toEqual(['Allow access?'])
        expect(await isLeftToRight(page, '.asks bdi[dir]')).toBe(true)
        expect(await isLeftToRight(page, '.asks')).toBe(true)
      },
    )
  })

  test('with reduced motion nothing moves', async () => {
    const { page } = await open(SAMPLES['sign-in'], { reducedMotion: 'reduce' })
    expect(await styleOf(page.getByRole('button'), 'transition-duration')).toBe('0s')
  })

  test('on paper there are no buttons', async () => {
    const { page } = await open(SAMPLES['consent'])
    await page.emulateMedia({ media: 'print' })
    expect(await page.getByRole('button').count()).toBe(0)
    expect(await page.getByText('See your orders').isVisible()).toBe(true)
  })
})

async function listen(
  answer: (request: IncomingMessage, response: ServerResponse) => unknown,
): Promise<Server> {
  const server = createServer((request, response) => void answer(request, response))
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return server
}

const originOf = (server: Server): string => `http://127.0.0.1:${(server.address() as AddressInfo).port}`

function hostileConsent(name: string, host: string): Sample {
  const form = { action: '/', hidden: {} }
  const scopes = [{ id: 'a', description: name.slice(0, 300) }]
  const props: ViewProps['consent'] = {
    client: { name, host },
    scopes,
    userName: name,
    approve: form,
    deny: form,
    switchAccount: form,
  }
  return ['consent', props]
}

/** Legacy mode looks at this one page only, which has no frames, and takes half the time. */
async function violationsOf(axe: AxeBuilder): Promise<unknown[]> {
  const { violations, passes } = await axe.setLegacyMode().analyze()
  expect(passes.map(({ id }) => id)).toContain('color-contrast')
  return violations.map(({ id, nodes }) => [id, nodes.map(({ html }) => html)])
}

const widthOf = (page: Page): Promise<number> => page.locator('html').evaluate((root) => root.scrollWidth)

const styleOf = (element: Locator, property: string): Promise<string> =>
  element.evaluate(
    (node, name) => node.ownerDocument.defaultView.getComputedStyle(node).getPropertyValue(name),
    property,
  )

/** What stands out of the card. */
async function overflowing(page: Page): Promise<string[]> {
  const card = await page.locator('main').boundingBox()
  const parts = await page.locator('main :visible').all()
  const boxes = await Promise.all(parts.map((part) => part.boundingBox()))
  const isOutside = (box: Box): boolean =>
    !card || !box || box.x < card.x || box.x + box.width > card.x + card.width
  return boxes.filter(isOutside).map((box) => JSON.stringify(box))
}

async function focused(page: Page): Promise<{ label: string; outline: string }> {
  const element = page.locator(':focus')
  if ((await element.count()) === 0) return { label: '', outline: 'none' }
  return { label: (await element.textContent()) ?? '', outline: await styleOf(element, 'outline-style') }
}

/** Whether the last two letters that stand in the element itself are in this order on the screen. */
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
