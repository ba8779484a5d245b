import { describe, expect, test } from 'vitest'
import type { ClientView, ViewProps } from '../../src/pages/props.ts'
import { builtInMessages } from '../../src/pages/messages.ts'
import { createPages } from '../../src/pages/render.ts'
import type { PagesOptions } from '../../src/pages/render.ts'
import { LOGO, SAMPLES } from '../support/page-samples.ts'
import type { Sample } from '../support/page-samples.ts'

const PAYLOAD = `<script>"'&</script>`
const ESCAPED = '&lt;script&gt;&quot;&#39;&amp;&lt;/script&gt;'

/** Texts that no page shows: the ids of scopes without a checkbox, and addresses that are none. */
const NEVER_SHOWN =
  / provider$| (tokens|devices|apps)\.\d+(\.scopes\.\d+)?\.id$| (tokens|apps)\.1\.scopes\.0\.description$| values\.scopes\.| (client|apps\.\d+)\.(logo|homepage|privacy|terms)$| client(\.scopes\.\d+)?\.id$|^signIn client\.publisher$|[ .]resources\.(0\.uri|1\.host)$| app\.logo$/
const HIDDEN_DESCRIPTIONS: ReadonlySet<string> = new Set(['a server error', 'an unknown client'])

const isShown = (page: string, view: string, prop: string): boolean =>
  (!/^scopes\.\d+\.id$/.test(prop) ||
    view === 'personalTokens' ||
    view === 'editApp' ||
    CHECKBOXES.has(`${page}: ${prop}`)) &&
  !NEVER_SHOWN.test(`${view} ${prop}`) &&
  !(prop === 'description' && HIDDEN_DESCRIPTIONS.has(page)) &&
  !(page.endsWith('sign-in at the app') && /^(values|register|rotate|appsUrl)\b/.test(prop))

/** The ids of scopes that users may uncheck on a consent page. */
const CHECKBOXES: ReadonlySet<string> = new Set(
  Object.entries(SAMPLES).flatMap(([page, [view, props]]) =>
    view === 'consent' || view === 'deviceConsent'
      ? props.scopes.flatMap(({ isOptional }, index) => (isOptional ? [`${page}: scopes.${index}.id`] : []))
      : [],
  ),
)

async function render<Name extends keyof ViewProps>(
  view: Name,
  props: ViewProps[Name],
  options: Partial<PagesOptions> = {},
): Promise<string> {
  const { body } = await createPages({ name: 'Orchard', ...options }).render(view, props)
  return body
}

type Path = readonly (string | number)[]

/** Props that are one of a few words of ours, never input. */
const FIXED: ReadonlySet<unknown> = new Set(['kind', 'decision', 'signInWith', 'reason', 'page', 'problem'])

/** Where texts are in the props. */
function textPaths(value: unknown, path: Path = []): Path[] {
  if (typeof value === 'string') return FIXED.has(path.at(-1)) ? [] : [path]
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

const samples: readonly (readonly [string, Sample])[] = Object.entries(SAMPLES)

const cases = samples.flatMap(([name, [view, props]]) =>
  textPaths(props).map((path) => ({ page: name, prop: path.join('.'), view, props, path })),
)

describe('escapes', () => {
  test.each(cases)('$page: $prop', async ({ page, view, props, path, prop }) => {
    const plain = await render(view, withText(props, path, 'plain'))
    const attacked = await render(view, withText(props, path, PAYLOAD))
    expect(attacked).not.toContain('<script>')
    expect(attacked).not.toContain(`"'`)
    expect(tagsOf(attacked)).toEqual(tagsOf(plain))
    expect(attacked.includes(ESCAPED)).toBe(isShown(page, view, prop))
  })

  test('the names of hidden fields', async () => {
    const shown = await render('signOut', { action: '/', hidden: { [PAYLOAD]: '1' }, userName: 'Ada' })
    expect(shown).not.toContain('<script')
    expect(shown).toContain(`name="${ESCAPED}"`)
  })

  test('the name of the server', async () => {
    const shown = await render('signedOut', { signInUrl: '/' }, { name: PAYLOAD })
    expect(shown).not.toContain('<script')
    expect(shown.split(ESCAPED)).toHaveLength(3)
  })

  test('the addresses of a client', async () => {
    const url = `https://orchard.example/"><script>'&`
    const [logo, links] = [`/logo.svg"><script>`, { homepage: url, privacy: url, terms: url }]
    const shown = await render('consent', consentOf({ logo, ...links }))
    expect(shown).not.toContain('<script')
    expect(shown).toContain('src="/logo.svg&quot;&gt;&lt;script&gt;"')
    expect(shown.split('href="https://orchard.example/&quot;&gt;&lt;script&gt;&#39;&amp;"')).toHaveLength(4)
  })
})

const consentOf = (client: Partial<ClientView>): ViewProps['consent'] => {
  const [, props] = SAMPLES['consent']
  return { ...props, scopes: [], userName: 'Ada', client: { ...props.client, ...client } }
}

describe('the name of a client', () => {
  test('loses directional controls, which would turn a host around or end its isolation', async () => {
    const hostile = '\u202egro.knab\u202c\u2066\u2069'
    const shown = await render('consent', consentOf({ name: hostile, host: `${hostile}.example` }))
    expect(shown).not.toMatch(/[\u202a-\u202e\u2066-\u2069]/)
    expect(shown).toContain('<bdi>gro.knab</bdi>')
    expect(shown).toContain('<bdi dir="ltr">gro.knab.example</bdi>')
  })

  test('is shortened to 80 characters, never within one', async () => {
    const family = '👨‍👩‍👧'
    const shown = await render('consent', consentOf({ name: family.repeat(500) }))
    expect(shown).toContain(`<bdi>${family.repeat(80)}…</bdi>`)
  })

  test('has spaces for line breaks, and at most four marks on a letter', async () => {
    const shown = await render('consent', consentOf({ name: `a\nb\u2028c${'\u0301'.repeat(50)}` }))
    expect(shown).toContain(`<bdi>a b c${'\u0301'.repeat(4)}</bdi>`)
  })

  test.each([
    ['Orchard', 'O'],
    ['  étoile', 'É'],
    ['\u202eطلبات', 'ط'],
    ['👨‍👩‍👧 Family', 'F'],
    ['42', '4'],
  ])('%s gives the initial %s to a client without a logo', async (name, initial) => {
    const shown = await render('consent', consentOf({ name }))
    expect(shown).toContain(`<span class="icon" aria-hidden="true">${initial}</span>`)
  })

  test('without a letter gives a symbol', async () => {
    const shown = await render('consent', consentOf({ name: '🍎' }))
    expect(shown).toMatch(/<span class="icon" aria-hidden="true"\s*><svg/)
  })
})

test('a long host stays whole, since its end tells who owns it', async () => {
  const host = `${'accounts.'.repeat(60)}evil.example`
  expect(await render('consent', consentOf({ host }))).toContain(`<bdi dir="ltr">${host}</bdi>`)
})

describe('the logo of a client', () => {
  test.each([['/clients/orchard.png'], [LOGO]])('is shown if it is ours or a data: URI: %s', async (logo) => {
    expect(await render('consent', consentOf({ logo }))).toContain(
      `<img class="icon" src="${logo}" alt="" />`,
    )
  })

  // A script inside an SVG does not run in an <img>, and the policy would stop it anyway.
  test('may be an SVG with a script, which stays inside its address', async () => {
    const logo = `data:image/svg+xml,${encodeURIComponent('<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>')}`
    const shown = await render('consent', consentOf({ logo }))
    expect(shown).toContain('<img class="icon"')
    expect(shown).not.toMatch(/<script>|alert\(1\)</)
  })

  test.each([
    'javascript:alert(1)',
    'https://evil.example/track.png',
    '//evil.example/track.png',
    '/\\evil.example/track.png',
    'data:text/html,<script>alert(1)</script>',
    'data:image/svg+xml,<svg onload="alert(1)"> </svg>',
  ])('is not shown otherwise: %s', async (logo) => {
    for (const shown of [
      await render('consent', consentOf({ logo })),
      await render('signIn', { ...SAMPLES['sign-in'][1], client: consentOf({ logo }).client }),
    ]) {
      expect(shown).not.toContain('<img')
      expect(shown).not.toContain('evil.example')
      expect(shown).not.toContain('alert(1)')
    }
  })
})

describe('the links of a client', () => {
  test.each([
    'javascript:alert(1)',
    'JAVASCRIPT:alert(1)',
    'data:text/html,<script>alert(1)</script>',
    'http://orchard.example/',
    'https://orchard.example@evil.example/',
    '//evil.example/',
    'not a URL',
  ])('are left out if they are not https URLs: %s', async (url) => {
    const shown = await render('consent', consentOf({ homepage: url, privacy: url, terms: url }))
    expect(shown).not.toContain('<a ')
    expect(shown).not.toContain('evil.example')
  })

  test('open in a new tab, and neither get at our page nor learn its address', async () => {
    const shown = await render('consent', consentOf({ homepage: 'https://orchard.example/about' }))
    expect(shown).toContain('href="https://orchard.example/about" target="_blank" rel="noopener noreferrer"')
  })

  test('show the host that they lead to, if it is another one than that of the homepage', async () => {
    const shown = await render('consent', SAMPLES['consent for a client with details'][1])
    expect(shown).toContain('><bdi dir="ltr">orchard.example</bdi></a>')
    expect(shown).toMatch(/>Privacy policy<\/a/)
    expect(shown).toMatch(/>Terms of service \(<bdi dir="ltr">legal\.example<\/bdi>\)<\/a/)
  })
})

describe('the consent page', () => {
  test('names the publisher, and an app that a user registered', async () => {
    const shown = textOf(await render('consent', SAMPLES['consent for a client with details'][1]))
    expect(shown).toContain('By Orchard Inc.')
    expect(shown).toContain('Third-party app, not made by Orchard')
    expect(textOf(await render('consent', SAMPLES['consent'][1]))).not.toContain('Third-party')
  })

  test('says where the user is redirected', async () => {
    expect(textOf(await render('consent', SAMPLES['consent'][1]))).toContain(
      "Make sure you trust Orchard Orders. You'll be redirected to orders.orchard.example.",
    )
  })

  test('names an app with its own scheme as an app on this device', async () => {
    const shown = textOf(await render('consent', SAMPLES['consent for an app on the device'][1]))
    expect(shown).toContain('Orchard for phones (an app on this device) wants to:')
    expect(shown).toContain("Make sure you trust Orchard for phones. You'll return to the app.")
  })

  test('says where access can be revoked', async () => {
    const [, props] = SAMPLES['consent']
    const noteWith = async (links: PagesOptions['links'] = {}, appsUrl?: string): Promise<string> =>
      render('consent', { ...props, ...(appsUrl !== undefined && { appsUrl }) }, { links })
    expect(await noteWith({}, '/account/apps')).toContain('under <a href="/account/apps">Connected apps</a>.')
    expect(await noteWith({ account: '/settings' }, '/account/apps')).toContain(
      'in your <a href="/settings">',
    )
    expect(textOf(await noteWith())).toContain('To revoke access later, contact Orchard.')
    expect(await noteWith({ support: '/help' })).toContain('contact <a href="/help"><bdi>Orchard</bdi></a>.')
    expect(textOf(await noteWith({ account: '/account' }))).toContain(
      'You can revoke access at any time in your account settings.',
    )
  })
})

describe('the sign-in page', () => {
  test.each([
    ['email', 'Email', 'Incorrect email or password.'],
    ['username', 'Username', 'Incorrect username or password.'],
    ['both', 'Email or username', 'Incorrect username or password.'],
  ] as const)('for users who sign in with %s says %s', async (signInWith, label, problem) => {
    const [, props] = SAMPLES['sign-in after wrong credentials']
    const shown = await render('signIn', { ...props, signInWith })
    expect(shown).toContain(`<label for="username">${label}</label>`)
    expect(textOf(shown)).toContain(problem)
  })

  test('links to where users reset their password and sign up, if configured', async () => {
    const [view, props] = SAMPLES['sign-in']
    expect(await render(view, props)).not.toContain('<a ')
    const shown = await render(view, props, { links: { forgotPassword: '/forgot', signUp: '/sign-up' } })
    expect(shown).toContain('<a href="/forgot">Forgot password?</a>')
    expect(shown).toContain('<a href="/sign-up">Sign up</a>')
  })

  test('shows the button that reveals the password only if scripts run', async () => {
    const [view, props] = SAMPLES['sign-in']
    const button = /<button\s+class="reveal"[^>]*>/.exec(await render(view, props))?.[0]
    expect(button).toMatch(/\shidden\s*>/)
    expect(button).toContain('type="button"')
  })
})

describe('every page has', () => {
  test('the name of the server, or its logo instead', async () => {
    expect(await render('signedOut', { signInUrl: '/' })).toContain(
      '<header><span class="site"><bdi>Orchard</bdi></span></header>',
    )
    expect(await render('signedOut', { signInUrl: '/' }, { logo: '/logo.svg' })).toContain(
      '<header><img class="logo" src="/logo.svg" alt="Orchard" /></header>',
    )
  })

  test('an icon, so that browsers do not ask for /favicon.ico', async () => {
    const iconOf = async (options: Partial<PagesOptions>): Promise<string> =>
      /<link rel="icon" href="([^"]*)"/.exec(await render('signedOut', { signInUrl: '/' }, options))?.[1] ??
      ''
    expect(await iconOf({})).toMatch(/^data:image\/svg\+xml,%3Csvg/)
    expect(await iconOf({ accent: '#c0ffee' })).toContain('%23c0ffee')
    expect(await iconOf({ favicon: '/icon.png' })).toBe('/icon.png')
  })

  test('the configured links', async () => {
    const links = { privacy: '/privacy', terms: 'https://orchard.example/terms', support: '/help' }
    expect(await render('signedOut', { signInUrl: '/' })).not.toContain('<footer')
    const footer = /<footer>[^]*<\/footer>/.exec(
      await render('signedOut', { signInUrl: '/' }, { links }),
    )?.[0]
    expect(footer).toBe(
      '<footer><a href="/privacy">Privacy</a><a href="https://orchard.example/terms">Terms</a><a href="/help">Support</a></footer>',
    )
  })

  test.each(samples)(
    '%s: a language, a title, one heading, and no script but ours',
    async (_name, [view, props]) => {
      const shown = await render(view, props)
      expect(shown).toMatch(/^<!doctype html>\s*<html lang="en" dir="ltr">/)
      expect(shown).toMatch(/<title>[^<]+ · Orchard<\/title>/)
      expect(shown.match(/<h1>/g)).toHaveLength(1)
      const scripts = [/class="reveal"/, /data-copies/, /data-picks/].filter((served) => served.test(shown))
      expect(shown.match(/<script/g) ?? []).toHaveLength(scripts.length)
      expect(shown).not.toMatch(/ style=| on[a-z]+=/)
    },
  )
})

describe('a page of your own', () => {
  test('replaces ours, and only that one', async () => {
    const mine = { views: { signedOut: ({ signInUrl }: ViewProps['signedOut']) => `<p>bye, ${signInUrl}` } }
    expect(await render('signedOut', { signInUrl: '/in' }, mine)).toBe('<p>bye, /in')
    expect(await render('signedIn', { userName: 'Ada', signOutUrl: '/out' }, mine)).toMatch(
      /^<!doctype html>/,
    )
  })

  test('may throw, and the caller receives the error', async () => {
    const views = { signedOut: () => Promise.reject(new Error('template not found')) }
    await expect(render('signedOut', { signInUrl: '/' }, { views })).rejects.toThrow(
      'pages.views.signedOut threw an error: Error: template not found',
    )
  })

  test('may load style sheets, fonts and images of this server, and nothing of ours', async () => {
    const mine = createPages({ name: 'Orchard', views: { signedOut: ({ nonce }) => nonce } })
    const { headers, body: nonce } = await mine.render('signedOut', { signInUrl: '/' })
    expect(nonce).toMatch(/^[\w-]{22}$/)
    expect(headers['Content-Security-Policy']).toBe(
      `default-src 'none'; style-src 'self' 'nonce-${nonce}'; script-src 'nonce-${nonce}'; font-src 'self'; img-src 'self' data:; form-action 'self'; frame-ancestors 'none'; base-uri 'none'`,
    )
  })
})

test('an error page explains an unknown client in words for users', async () => {
  const shown = textOf(await render('error', SAMPLES['an unknown client'][1]))
  expect(shown).toContain("We can't complete this request This app isn't registered with Orchard.")
  expect(shown).not.toContain('The client is unknown')
})

test('the page for a device leaves out an unknown address', async () => {
  const [view, props] = SAMPLES['device consent without scopes']
  expect(await render(view, props)).toContain('Requested from')
  expect(await render(view, { ...props, address: '' })).not.toContain('Requested from')
})

test('a list of 60 scopes and a description from right to left are shown in full', async () => {
  const [view, props] = SAMPLES['consent']
  const scopes = Array.from({ length: 60 }, (_, index) => ({
    id: `s${index}`,
    description: `رؤية طلباتك ${index}`,
    isGranted: false,
    isOptional: false,
  }))
  const shown = await render(view, { ...props, scopes })
  expect(shown.match(/<li><bdi>رؤية طلباتك \d+<\/bdi><\/li>/g)).toHaveLength(60)
})

describe('durations in English', () => {
  test.each([
    [0, '1 second'],
    [1, '1 second'],
    [45, '45 seconds'],
    [91, '2 minutes'],
    [900, '15 minutes'],
    [5401, '2 hours'],
    [86_400, '24 hours'],
  ])('a wait of %d seconds reads "%s"', (wait, text) => {
    expect(builtInMessages.en.signIn.throttled(wait)).toBe(`Too many attempts. Try again in ${text}.`)
  })

  test.each([
    [31_536_000, '1 year'],
    [7_776_000, '90 days'],
    [5400, '90 minutes'],
    [61, '61 seconds'],
  ])('a lifetime of %d seconds reads "%s"', (seconds, text) => {
    expect(builtInMessages.en.personalTokens.lifetimeOf(seconds)).toBe(text)
  })
})

const textOf = (markup: string): string =>
  markup
    .replaceAll(/<(style|script).*?<\/\1>/gs, ' ')
    .replaceAll(/<\/?(a|bdi|strong)(\s[^>]*)?>/g, '')
    .replaceAll(/<[^>]*>/g, ' ')
    .replaceAll('&#39;', "'")
    .replaceAll(/\s+/g, ' ')
