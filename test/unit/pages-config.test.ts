import { describe, expect, test } from 'vitest'
import { builtInMessages, createAuthorizationServer, ConfigError } from '../../src/index.ts'
import type { ConfigProblem, PagesConfig } from '../../src/index.ts'
import { sqlite } from '../../src/store/sqlite.ts'
import { commonConfig } from '../support/config.ts'
import type { TestConfig } from '../support/config.ts'
import { LOGO } from '../support/page-samples.ts'
import { testSecrets } from '../support/secrets.ts'

function problemsOf(pages: unknown, config: Partial<TestConfig> = {}): readonly ConfigProblem[] {
  try {
    createAuthorizationServer({
      ...commonConfig(),
      issuer: 'https://orchard.example',
      secrets: testSecrets,
      store: sqlite(':memory:'),
      pages: pages as PagesConfig,
      ...config,
    })
    return []
  } catch (thrown) {
    return thrown instanceof ConfigError ? thrown.problems : [{ path: String(thrown), message: '' }]
  }
}

const pathsOf = (pages: unknown): readonly string[] => problemsOf(pages).map(({ path }) => path)

const LINKS = ['privacy', 'terms', 'support', 'forgotPassword', 'signUp', 'account'] as const

test('accepts every option', () => {
  const links = {
    privacy: '/privacy',
    terms: 'https://orchard.example/terms',
    support: 'https://help.example',
  }
  const more = { forgotPassword: '/forgot', signUp: '/sign-up?from=oauth', account: '/account' }
  const pages = {
    name: 'Orchard',
    logo: '/logo.svg',
    favicon: LOGO,
    accent: '#c33',
    links: { ...links, ...more },
  }
  expect(problemsOf(pages)).toEqual([])
  expect(problemsOf({ logo: LOGO, favicon: '/favicon.ico', accent: '#C0FFEE80', language: 'en' })).toEqual([])
})

describe.each(['logo', 'favicon'] as const)('%s', (option) => {
  test.each([
    'javascript:alert(1)',
    'https://cdn.example/logo.svg',
    '//cdn.example/logo.svg',
    '/\\cdn.example/logo.svg',
    '/\t/cdn.example',
    'logo.svg',
    'data:text/html,<script>alert(1)</script>',
    'data:application/javascript,alert(1)',
    'data:image/svg+xml,<svg onload="alert(1)">',
    'DATA:image/png;base64,AA\nAA',
    '',
    1,
    null,
    {},
  ])('rejects %j', (value) => {
    expect(pathsOf({ [option]: value })).toEqual([`pages.${option}`])
  })
})

describe('accent', () => {
  test.each(['red', 'red;}body{display:none', '#fff;}body{display:none', '#ff', 'var(--x)', '', null, 0xff])(
    'rejects %j',
    (accent) => expect(pathsOf({ accent })).toEqual(['pages.accent']),
  )
})

describe.each(LINKS)('links.%s', (name) => {
  test.each([
    'javascript:alert(1)',
    'http://orchard.example/',
    '//evil.example/',
    '/\\evil.example/',
    'https://orchard.example@evil.example/',
    'https:///',
    'https://a b.example/',
    'privacy',
    'data:text/html,hi',
    '',
    7,
  ])('rejects %j', (link) => {
    expect(pathsOf({ links: { [name]: link } })).toEqual([`pages.links.${name}`])
  })
})

test.each([
  [{ name: '' }, 'pages.name'],
  [{ name: 'x'.repeat(81) }, 'pages.name'],
  [{ name: 5 }, 'pages.name'],
  [{ language: 'xx' }, 'pages.language'],
  [{ language: 'toString' }, 'pages.language'],
  [{ language: 5 }, 'pages.language'],
  [{ languages: [] }, 'pages.languages'],
  [{ languages: ['en', 'xx'] }, 'pages.languages'],
  [{ languages: ['en'], language: 'vi' }, 'pages.language'],
  [{ messages: 'de' }, 'pages.messages'],
  [{ messages: { de: null } }, 'pages.messages.de'],
  [{ messages: { 'not a tag': builtInMessages.en } }, 'pages.messages.not a tag'],
  [{ messages: { 'pt-br': builtInMessages.en } }, 'pages.messages.pt-br'],
  [{ views: { signIn: 'page.html' } }, 'pages.views.signIn'],
  [{ views: { signin: () => '' } }, 'pages.views.signin'],
  [{ links: { help: '/help' } }, 'pages.links.help'],
  [{ links: '/help' }, 'pages.links'],
  [{ links: null }, 'pages.links'],
  [{ acent: '#fff' }, 'pages.acent'],
  ['Orchard', 'pages'],
])('rejects %j and names %s', (pages, path) => {
  expect(pathsOf(pages)).toEqual([path])
})

test('names each text that a language lacks', () => {
  const { heading: _, ...signIn } = builtInMessages.en.signIn
  const { signOut: __, ...rest } = builtInMessages.en
  const de = { ...rest, signIn: { ...signIn, throttled: 'Zu viele Versuche' } }
  expect(problemsOf({ language: 'de', messages: { de } })).toEqual([
    { path: 'pages.messages.de.signIn.heading', message: 'is missing' },
    { path: 'pages.messages.de.signIn.throttled', message: 'must be a function' },
    { path: 'pages.messages.de.signOut', message: 'is missing' },
  ])
})

test('lists every problem', () => {
  expect(pathsOf({ logo: 'x', accent: 'y', links: { terms: 'z' } })).toEqual([
    'pages.logo',
    'pages.accent',
    'pages.links.terms',
  ])
})

test('rejects an unknown signInWith of a provider', () => {
  const lookup = { find: async () => undefined, findByUsername: async () => undefined }
  const staff = { ...lookup, verifyPassword: async () => false, signInWith: 'mail' as 'email' }
  expect(problemsOf({}, { providers: { staff } })).toEqual([
    { path: 'providers.staff.signInWith', message: "must be 'email' or 'username' or 'both'" },
  ])
})
