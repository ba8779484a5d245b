import { createHash } from 'node:crypto'
import { describe, expect, test } from 'vitest'
import { formTargetsOf, pageHeaders } from '../../src/pages/headers.ts'
import { createPages } from '../../src/pages/render.ts'

const policyOf = (formTargets: readonly string[]): string | undefined =>
  pageHeaders({ formTargets })['Content-Security-Policy']

/** Of the style as it stands in a page, so that a stray space shows. */
async function styleHash(): Promise<string> {
  const page = await createPages().render('signedOut', { signInUrl: '/' })
  const style = /<style>([^]*)<\/style>/.exec(page)?.[1] ?? ''
  return createHash('sha256').update(style).digest('base64')
}

test('the headers of a page let nothing run, nothing in, and nobody frame or keep it', async () => {
  expect(pageHeaders()).toEqual({
    'Content-Type': 'text/html; charset=utf-8',
    'Content-Security-Policy': `default-src 'none'; style-src 'sha256-${await styleHash()}'; img-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'`,
    'X-Frame-Options': 'DENY',
    'X-Content-Type-Options': 'nosniff',
    'Referrer-Policy': 'same-origin',
    'Cache-Control': 'no-store',
  })
})

test('the one page with a script names it by its hash; a view of somebody’s own gets none', async () => {
  const props = { name: 'Backup', accessToken: 'x', scopes: [], expiresAt: 0, tokensUrl: '/account/tokens' }
  const shown = await createPages().render('newPersonalToken', props)
  const script = /<script type="module">([^]*)<\/script>/.exec(shown)?.[1] ?? ''
  const policyOfNew = (pages: ReturnType<typeof createPages>): string =>
    pages.headers('newPersonalToken')['Content-Security-Policy'] ?? ''
  const source = createHash('sha256').update(script).digest('base64')
  expect(policyOfNew(createPages())).toContain(`; script-src 'sha256-${source}'; `)
  expect(policyOfNew(createPages({ views: { newPersonalToken: () => '' } }))).not.toContain('script-src')
})

test('form targets stand behind our own origin', () => {
  expect(policyOf(['https://app.example', 'com.example.app:'])).toContain(
    "; form-action 'self' https://app.example com.example.app:; ",
  )
})

describe('a form target that could add to the policy is refused', () => {
  test.each([
    'https://app.example; script-src *',
    'https://app.example https://evil.example',
    'https://app.example,',
    'https://app.example\r\nSet-Cookie: a=b',
    'https://app.example\n',
    'https://*.example',
    'https://app.example/callback',
    "'unsafe-inline'",
    'javascript:',
    'data:',
    '*',
    '',
  ])('%j', (target) => {
    expect(() => policyOf([target])).toThrow(expect.objectContaining({ code: 'server_error' }))
  })
})

describe('the form targets of a redirect URI', () => {
  test.each([
    ['https://app.example/callback?a=b', 'https:'],
    ['https://my_app.example/', 'https:'],
    ['http://127.0.0.1:53121/', 'http: https:'],
    ['http://[::1]:53121/', 'http: https:'],
    ['com.example.app:/callback', 'com.example.app:'],
  ])('of %s let people go on from there: %s', (redirectUri, targets) => {
    expect(policyOf(formTargetsOf(redirectUri))).toContain(`form-action 'self' ${targets};`)
  })
})
