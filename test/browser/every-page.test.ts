import { createServer } from 'node:http'
import type { Server } from 'node:http'
import { isDeepStrictEqual } from 'node:util'
import type { Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { ViewProps } from '../../src/pages/props.ts'
import { createPages } from '../../src/pages/render.ts'
import { chromium, openBrowser, recordProblems } from '../support/chromium.ts'
import { isThorough } from '../support/dose.ts'
import { overflowOf } from './page-checks.ts'
import { SAMPLES } from '../support/page-samples.ts'
import type { Sample } from '../support/page-samples.ts'
import { listen } from '../support/server.ts'

type Shown = (typeof SAMPLES)[keyof typeof SAMPLES][0]

/** `none` does not compile if a page has no sample. */
const PAGE_WITHOUT_SAMPLE: [Exclude<keyof ViewProps, Shown>] extends [never] ? 'none' : never = 'none'

const NARROW = { width: 320, height: 640 }

/** The last sample of a view has the most on it. */
const VIEWS = [...new Map(Object.values<Sample>(SAMPLES).map((sample) => [sample[0], sample]))]

/** Strings that the server makes or has checked. */
const TRUSTED =
  /^(action|hidden|code|uri|host|page|kind|signInWith|provider|decision|reason|requestId|accessToken|id|url|clientId|clientSecret|secret|userCode|.*Url)$/
const LINKS = /^(logo|homepage|privacy|terms)$/

const MARKUP = [
  '"><img src=x onerror=ran=1><script>ran=1</script>\'&amp;\u202e\u2069\r\n\0\u200b{{7*7}}',
  '</option></code></textarea></title></style><h1>Your bank</h1>',
]
const LETTERS = [
  'W'.repeat(512),
  '👨‍👩‍👧'.repeat(255),
  `Z${'\u0338\u0489'.repeat(200)}`,
  '\u200b\u200d\u2060\ufeff',
  'تطبيق الطلبات',
]

/** With `CI=true`, each is in every field. Otherwise, all markup is, and the letters take turns. */
const HOSTILE: readonly (readonly string[])[] = isThorough
  ? [...MARKUP, ...LETTERS].map((text) => [text])
  : [[MARKUP.join('')], LETTERS]

/** Each page in both languages with `CI=true`, and otherwise in one of them. */
const IN_LANGUAGES = VIEWS.flatMap(([view, sample], row) =>
  ['vi', 'zh']
    .filter((_, column) => isThorough || row % 2 === column)
    .map((language) => [view, language, sample] as const),
)

/** Returns the props with the texts in the fields that come from outside, in turn. */
function withTexts(props: unknown, texts: readonly string[]): unknown {
  let count = 0
  const change = (value: unknown, name: string): unknown => {
    if (TRUSTED.test(name)) return value
    if (typeof value === 'string') {
      const text = texts[(count += 1) % texts.length] ?? ''
      return LINKS.test(name) ? `javascript:ran=1//${text}` : text
    }
    if (Array.isArray(value)) return value.map((each: unknown) => change(each, name))
    return mapped(value, change)
  }
  return mapped(props, change)
}

/** Returns the props with this many entries in each list. */
function withEntries(value: unknown, count: number, name = ''): unknown {
  if (name === 'accountPages' || name === 'lifetimes') return value
  if (Array.isArray(value))
    return value.length === 0
      ? value
      : Array.from({ length: count }, (_, index): unknown => value[index % value.length])
  return mapped(value, (each, member) => withEntries(each, count, member))
}

function mapped(value: unknown, change: (each: unknown, name: string) => unknown): unknown {
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(Object.entries(value).map(([name, each]) => [name, change(each, name)]))
}

const hasLists = (props: unknown): boolean => !isDeepStrictEqual(withEntries(props, 0), props)

/** Runs in the page. What an injection would change. */
const TRACES = `[
  document.querySelectorAll('script').length,
  document.querySelectorAll('h1').length,
  document.querySelectorAll('[onerror], [src=x], [href^="javascript:" i], [src^="javascript:" i]').length,
  'ran' in window,
]`

/** Runs in the page. Returns the elements that Tab must reach: of radio buttons, one per group. */
const REACHABLE = `[...document.querySelectorAll('a[href], button, input, select, summary, textarea, [tabindex="0"]')]
  .filter((element) => element.type !== 'hidden' && !element.disabled && element.checkVisibility({ visibilityProperty: true }))
  .filter((element) => element.type !== 'radio' || element.checked)`

/** Runs in the page. Where the focus is, in the order of the page, and whether it can be seen. */
const FOCUSED = `(() => {
  const { outlineStyle, outlineWidth } = getComputedStyle(document.activeElement)
  const isVisible = outlineStyle !== 'none' && parseFloat(outlineWidth) >= 2
  return { index: ${REACHABLE}.indexOf(document.activeElement), isVisible }
})()`

describe.skipIf(!chromium)('every page', () => {
  let http: Server
  let origin: string
  let page: Page
  let problems: string[]
  let shown: Sample
  let language = 'en'
  const pages = createPages({ name: 'Orchard' })

  beforeAll(async () => {
    http = createServer((_request, response) => {
      void pages
        .render(shown[0], shown[1], { language, query: '' })
        .then(({ headers, body }) => response.writeHead(200, headers).end(body))
    })
    origin = await listen(http)
    page = await (
      await openBrowser()
    ).newPage({ reducedMotion: 'reduce', viewport: { width: 320, height: 640 } })
    problems = recordProblems(page)
  })

  afterAll(async () => {
    await page?.context().close()
    http?.close()
  })

  async function show(view: Sample[0], props: unknown, inLanguage = 'en'): Promise<void> {
    shown = [view, props] as Sample
    language = inLanguage
    problems.length = 0
    await page.goto(origin)
  }

  /** Returns how many elements with these names a page has. */
  async function countIn([view, props]: Sample, ...names: readonly string[]): Promise<readonly number[]> {
    const { body } = await pages.render(view, props, { language: 'en', query: '' })
    return names.map((name) => body.split(new RegExp(`<${name}[\\s>]`)).length - 1)
  }

  test('has a sample', () => expect(PAGE_WITHOUT_SAMPLE).toBe('none'))

  test.each(VIEWS)(
    '%s: escapes and isolates what is hostile, and nothing overflows',
    async (view, sample) => {
      const [, props] = sample
      const counts = await countIn(sample, 'script', 'h1')
      for (const texts of HOSTILE) {
        await show(view, withTexts(props, texts))
        expect(await page.evaluate(TRACES)).toEqual([...counts, 0, false])
        expect([await overflowOf(page), problems]).toEqual([[], []])
      }
    },
  )

  test.each(IN_LANGUAGES)('%s: nothing overflows in the language %s', async (view, inLanguage, [, props]) => {
    await show(view, props, inLanguage)
    expect([await overflowOf(page), problems]).toEqual([[], []])
  })

  test.each(VIEWS)(
    '%s: nothing overflows with no entries, with 100, and with text of twice the size',
    async (view, [, props]) => {
      for (const count of hasLists(props) ? [0, 100] : [0]) {
        await show(view, withEntries(props, count))
        expect([count, await overflowOf(page), problems]).toEqual([count, [], []])
      }
      await page.setViewportSize({ width: 640, height: 720 })
      await page.evaluate(`document.documentElement.style.fontSize = '200%'`)
      expect(await overflowOf(page)).toEqual([])
      await page.setViewportSize(NARROW)
    },
  )

  test.each(VIEWS)('%s: Tab reaches everything in order, with a visible focus', async (view, [, props]) => {
    await show(view, props)
    const count = Number(await page.evaluate(`${REACHABLE}.length`))
    const reached: number[] = []
    for (let presses = 0; presses < count + 2 && reached.length < count; presses += 1) {
      await page.keyboard.press('Tab')
      const { index, isVisible } = await page.evaluate<{ index: number; isVisible: boolean }>(FOCUSED)
      if (index < 0 || reached.includes(index)) continue
      expect([index, isVisible]).toEqual([index, true])
      reached.push(index)
    }
    expect(reached.toSorted((one, other) => one - other)).toEqual(
      Array.from({ length: count }, (_, index) => index),
    )
    const start = reached.indexOf(0)
    expect(start < 0 ? [] : [...reached.slice(start), ...reached.slice(0, start)]).toEqual(
      Array.from({ length: count }, (_, index) => index),
    )
  })
})
