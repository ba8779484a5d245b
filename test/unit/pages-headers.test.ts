import { createHash } from 'node:crypto'
import { describe, expect, test } from 'vitest'
import { formTargetsOf, imageSources, pageHeaders } from '../../src/pages/headers.ts'
import { createPages } from '../../src/pages/render.ts'
import { LOGO, SAMPLES } from '../support/page-samples.ts'

const pages = createPages({ name: 'Orchard' })

const signedOut = { signInUrl: '/' }

const policyWith = (formTargets: readonly string[]): string | undefined =>
  pageHeaders({ styles: [], images: [], formTargets })['Content-Security-Policy']

const hashOf = (text: string): string => `'sha256-${createHash('sha256').update(text).digest('base64')}'`

test('a page loads nothing but its style and icon, and is neither framed nor stored', async () => {
  const { headers, body } = await pages.render('signedOut', signedOut)
  const style = /<style>([^]*)<\/style>/.exec(body)?.[1] ?? ''
  expect(headers).toEqual({
    'Content-Type': 'text/html; charset=utf-8',
    'Content-Language': 'en',
    'Content-Security-Policy': `default-src 'none'; style-src ${hashOf(style)}; img-src data:; form-action 'self'; frame-ancestors 'none'; base-uri 'none'`,
    'X-Frame-Options': 'DENY',
    'X-Content-Type-Options': 'nosniff',
    'Referrer-Policy': 'same-origin',
    'Cache-Control': 'no-store',
  })
})

describe('a page with a script', () => {
  test.each(['sign-in', 'a new personal access token'] as const)(
    '%s: allows it by its hash',
    async (name) => {
      const [view, props] = SAMPLES[name]
      const { headers, body } = await pages.render(view, props)
      const script = /<script type="module">([^]*)<\/script>/.exec(body)?.[1] ?? ''
      expect(headers['Content-Security-Policy']).toContain(`; script-src ${hashOf(script)}; `)
    },
  )

  test('of your own runs only scripts with its nonce', async () => {
    const own = createPages({ name: 'Orchard', views: { signIn: ({ nonce }) => nonce } })
    const { headers, body } = await own.render('signIn', SAMPLES['sign-in'][1])
    expect(headers['Content-Security-Policy']).toContain(`; script-src 'nonce-${body}'; `)
  })
})

describe('images are allowed as far as the page has any', () => {
  const policyOf = async (options: object, sample = SAMPLES['consent']): Promise<string> => {
    const [view, props] = sample
    const { headers } = await createPages({ name: 'Orchard', ...options }).render(view, props)
    return /img-src [^;]*/.exec(headers['Content-Security-Policy'] ?? '')?.[0] ?? ''
  }
  const consentWith = (logo: string): typeof SAMPLES.consent => {
    const [view, props] = SAMPLES['consent']
    return [view, { ...props, client: { ...props.client, logo } }] as unknown as typeof SAMPLES.consent
  }

  test('the icon is a data: URI', async () => expect(await policyOf({})).toBe('img-src data:'))

  test('a logo or an icon of this server', async () => {
    expect(await policyOf({ logo: '/logo.svg' })).toBe("img-src 'self' data:")
    expect(await policyOf({ logo: '/logo.svg', favicon: '/icon.png' })).toBe("img-src 'self'")
  })

  test('the logo of a client', async () => {
    expect(await policyOf({ favicon: '/icon.png' }, consentWith(LOGO))).toBe("img-src 'self' data:")
    expect(await policyOf({}, consentWith('/clients/1.png'))).toBe("img-src 'self' data:")
  })

  test('never of another origin', async () => {
    expect(await policyOf({}, consentWith('https://evil.example/track.png'))).toBe('img-src data:')
    expect(imageSources(['https://evil.example/', 'javascript:alert(1)', ''])).toEqual([])
  })
})

test('form targets follow our own origin', () => {
  expect(policyWith(['https://app.example', 'com.example.app:'])).toContain(
    "; form-action 'self' https://app.example com.example.app:; ",
  )
})

describe('rejects a form target that could add to the policy', () => {
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
    expect(() => policyWith([target])).toThrow(expect.objectContaining({ code: 'server_error' }))
  })
})

describe('the form targets of a redirect URI', () => {
  test.each([
    ['https://app.example/callback?a=b', 'https:'],
    ['https://my_app.example/', 'https:'],
    ['http://127.0.0.1:53121/', 'http: https:'],
    ['http://[::1]:53121/', 'http: https:'],
    ['com.example.app:/callback', 'com.example.app:'],
  ])('of %s allow further redirects: %s', (redirectUri, targets) => {
    expect(policyWith(formTargetsOf(redirectUri))).toContain(`form-action 'self' ${targets};`)
  })
})
