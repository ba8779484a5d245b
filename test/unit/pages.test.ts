import { describe, expect, test } from 'vitest'
import type { ViewProps } from '../../src/pages/props.ts'
import { createPages } from '../../src/pages/render.ts'
import { LANGUAGES } from '../../src/pages/messages.ts'
import { SAMPLES } from '../support/page-samples.ts'
import type { Sample } from '../support/page-samples.ts'

const PAYLOAD = `<script>"'&</script>`
const ESCAPED = '&lt;script&gt;&quot;&#39;&amp;&lt;/script&gt;'
/** By view and prop. The ids of scopes stand in the form for a new token, and nowhere else; `*` has words of ours. */
const NEVER_SHOWN =
  /^(?!personalTokens )\w+ scopes\.\d+\.id$| provider$| tokens\.\d+(\.scopes\.\d+)?\.id$| tokens\.1\.scopes\.0\.description$| values\.scopes\.|^signIn client\.host$/
const isHidden = (page: string, view: string, prop: string): boolean =>
  NEVER_SHOWN.test(`${view} ${prop}`) || (page === 'a server error' && prop === 'description')

const pages = createPages({ name: 'Orchard' })

type Path = readonly (string | number)[]

/** Words of our own in the props, which are never input. */
const OURS: ReadonlySet<unknown> = new Set(['kind', 'decision'])

/** Where texts stand in the props. */
function textPaths(value: unknown, path: Path = []): Path[] {
  if (typeof value === 'string') return OURS.has(path.at(-1)) ? [] : [path]
  if (typeof value !== 'object' || value === null) return []
  return Object.entries(value).flatMap(([key, part]) => textPaths(part, [...path, key]))
}

function withText<Value>(value: Value, [key, ...rest]: Path, text: string): Value {
  if (key === undefined) return text as Value
  const copy = (Array.isArray(value) ? [...value] : { ...value }) as Record<string | number, unknown>
  copy[key] = withText(copy[key], rest, text)
  return copy as Value
}

const tagsOf = (markup: string): string[] => Array.from(markup.matchAll(/<\/?[a-z0-9]+/g), ([tag]) => tag)

const cases = Object.entries(SAMPLES).flatMap(([name, [view, props]]) =>
  textPaths(props).map((path) => ({ page: name, prop: path.join('.'), view, props, path })),
)

describe('what comes from outside is escaped', () => {
  test.each(cases)('$page: $prop', async ({ page, view, props, path, prop }) => {
    const plain = await pages.render(view, withText(props, path, 'plain'))
    const attacked = await pages.render(view, withText(props, path, PAYLOAD))
    expect(attacked).not.toContain('<script>')
    expect(attacked).not.toContain(`"'`)
    expect(tagsOf(attacked)).toEqual(tagsOf(plain))
    expect(attacked.includes(ESCAPED)).toBe(!isHidden(page, view, prop))
  })

  test('the names of hidden fields', async () => {
    const shown = await pages.render('signOut', { action: '/', hidden: { [PAYLOAD]: '1' }, userName: 'Ada' })
    expect(shown).not.toContain('<script')
    expect(shown).toContain(`name="${ESCAPED}"`)
  })

  test('the name of the server', async () => {
    const shown = await createPages({ name: PAYLOAD }).render('signedOut', { signInUrl: '/' })
    expect(shown).not.toContain('<script')
    expect(shown.split(ESCAPED)).toHaveLength(3)
  })
})

const consentOf = (client: ViewProps['consent']['client']): ViewProps['consent'] => {
  const form = { action: '/', hidden: {} }
  return { client, scopes: [], userName: 'Ada', approve: form, deny: form, switchAccount: form }
}

describe('a name cannot mislead', () => {
  test('directional controls, which would turn a host around or end its isolation, are left out', async () => {
    const hostile = '\u202egro.knab\u202c\u2066\u2069'
    const shown = await pages.render('consent', consentOf({ name: hostile, host: `${hostile}.example` }))
    expect(shown).not.toMatch(/[\u202a-\u202e\u2066-\u2069]/)
    expect(shown).toContain('<bdi>gro.knab</bdi>')
    expect(shown).toContain('<bdi dir="ltr">gro.knab.example</bdi>')
  })

  test('a long one is cut after 80 characters, never inside of one', async () => {
    const family = '👨‍👩‍👧'
    const shown = await pages.render('consent', consentOf({ name: family.repeat(500), host: 'a.example' }))
    expect(shown).toContain(`<bdi>${family.repeat(80)}…</bdi>`)
  })

  test('a long host stays whole, since its end says whose it is', async () => {
    const host = `${'accounts.'.repeat(60)}evil.example`
    expect(await pages.render('consent', consentOf({ name: 'A', host }))).toContain(
      `<bdi dir="ltr">${host}</bdi>`,
    )
  })

  test('line breaks become spaces, and letters carry at most four marks', async () => {
    const shown = await pages.render(
      'consent',
      consentOf({ name: `a\nb\u2028c${'\u0301'.repeat(50)}`, host: 'a' }),
    )
    expect(shown).toContain(`<bdi>a b c${'\u0301'.repeat(4)}</bdi>`)
  })
})

describe('views', () => {
  test('a view of your own takes the place of ours, and only of that one', async () => {
    const mine = createPages({ views: { signedOut: ({ signInUrl }) => `<p>bye, ${signInUrl}` } })
    expect(await mine.render('signedOut', { signInUrl: '/in' })).toBe('<p>bye, /in')
    expect(await mine.render('signedIn', { userName: 'Ada', signOutUrl: '/out' })).toMatch(/^<!doctype html>/)
  })

  test('what a view of your own throws comes through', async () => {
    const broken = createPages({
      views: { signedOut: () => Promise.reject(new Error('template not found')) },
    })
    await expect(broken.render('signedOut', { signInUrl: '/' })).rejects.toThrow('template not found')
  })

  test('a view of your own gets style sheets and fonts of this server, and no style of ours', () => {
    const mine = createPages({ views: { signedOut: () => '' } })
    const policy = mine.headers('signedOut')['Content-Security-Policy']
    expect(policy).toBe(
      "default-src 'none'; style-src 'self'; font-src 'self'; img-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'",
    )
    expect(mine.headers('signedIn')).toEqual(pages.headers('signedIn'))
  })
})

test('the page for a device says nothing of an address that the server does not know', async () => {
  const [, props] = SAMPLES['device consent without scopes'] as Extract<
    Sample,
    readonly ['deviceConsent', unknown]
  >
  expect(await pages.render('deviceConsent', props)).toContain('Requested from')
  expect(await pages.render('deviceConsent', { ...props, address: '' })).not.toContain('Requested from')
})

describe('every page', () => {
  test.each(Object.entries(SAMPLES))(
    '%s: has its language, a title, one heading, and no script but for the one that copies a new token',
    async (_name, [view, props]) => {
      const shown = await pages.render(view, props)
      expect(shown).toMatch(/^<!doctype html>\s*<html lang="en" dir="ltr">/)
      expect(shown).toMatch(/<title>[^<]+ · Orchard<\/title>/)
      expect(shown.match(/<h1>/g)).toHaveLength(1)
      expect(shown.match(/<script/g) ?? []).toHaveLength(view === 'newPersonalToken' ? 1 : 0)
      expect(shown).not.toMatch(/ style=| on[a-z]+=/)
    },
  )
})

describe('English', () => {
  test.each([
    [0, '1 second'],
    [1, '1 second'],
    [45, '45 seconds'],
    [91, '2 minutes'],
    [900, '15 minutes'],
    [5401, '2 hours'],
    [86_400, '24 hours'],
  ])('a wait of %d seconds reads "%s"', (wait, text) => {
    expect(LANGUAGES.en.signIn.throttled(wait)).toBe(`Too many attempts. Try again in ${text}.`)
  })
})
