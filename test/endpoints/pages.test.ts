import { createHash } from 'node:crypto'
import { afterAll, describe, expect, test } from 'vitest'
import { openBrowser } from '../support/browser.ts'
import type { Browser, Page } from '../support/browser.ts'
import { authorizationUrl, createPkce } from '../support/oauth-client.ts'
import { startServer } from '../support/server.ts'

const server = await startServer()
const user = await server.addUser()
const client = await server.addClient()
afterAll(server.close)

async function signedIn(): Promise<Browser> {
  const browser = openBrowser(server)
  await browser.signIn(await browser.open(server.endpoint('/login')), user)
  return browser
}

const pages: Readonly<Record<string, () => Promise<Page>>> = {
  'the sign-in page': () => openBrowser(server).open(server.endpoint('/login')),
  'the page after a sign-in': async () => (await signedIn()).open(server.endpoint('/login')),
  'the consent page': async () => (await signedIn()).open(authorizationUrl(server, client)),
  'the sign-out page': async () => (await signedIn()).open(server.endpoint('/logout')),
  'the page after signing out': () => openBrowser(server).open(server.endpoint('/logout')),
  'an error page': () => openBrowser(server).open(server.endpoint('/oauth/authorize')),
  'the error page of a wrong method': () =>
    openBrowser(server).open(server.endpoint('/login'), { method: 'PUT' }),
  'the sign-in page after a wrong password': async () => {
    const browser = openBrowser(server)
    const login = await browser.open(server.endpoint('/login'))
    return browser.signIn(login, { email: 'nobody@example.com', password: 'whatever it is' })
  },
}

/** The scripts of a page, as sources of a Content-Security-Policy. */
const hashesOf = (body: string): readonly string[] =>
  [...body.matchAll(/<script[^>]*>(.*?)<\/script>/gs)].map(
    ([, script = '']) => `'sha256-${createHash('sha256').update(script).digest('base64')}'`,
  )

describe.each(Object.entries(pages))('%s', (_, open) => {
  test('cannot be framed or stored, runs only our scripts, and loads nothing from other origins', async () => {
    const { headers, body } = await open()
    const policy = headers.get('content-security-policy') ?? ''
    expect(headers.get('content-type')).toBe('text/html; charset=utf-8')
    expect(headers.get('cache-control')).toBe('no-store')
    expect(headers.get('x-frame-options')).toBe('DENY')
    expect(headers.get('x-content-type-options')).toBe('nosniff')
    expect(headers.get('x-request-id')).toMatch(/^[\da-f-]{36}$/)
    for (const directive of ["default-src 'none'", "frame-ancestors 'none'", "base-uri 'none'"])
      expect(policy).toContain(directive)
    expect(policy).not.toContain('unsafe')
    expect(body).not.toMatch(/\son\w+=|style="/)
    expect(hashesOf(body)).toEqual(policy.match(/script-src ([^;]*)/)?.slice(1) ?? [])
  })
})

test('forms lead to this server, and for a client also to https pages or its own scheme', async () => {
  const native = await server.addClient({ type: 'public', redirectUris: ['com.example.app:/callback'] })
  const request = { code_challenge: createPkce().challenge, code_challenge_method: 'S256' }
  const browser = await signedIn()
  const shown = [
    await openBrowser(server).open(server.endpoint('/login')),
    await browser.open(authorizationUrl(server, client)),
    await browser.open(authorizationUrl(server, native, request)),
  ]
  expect(
    shown.map(({ headers }) => /form-action [^;]*/.exec(headers.get('content-security-policy') ?? '')?.[0]),
  ).toEqual(["form-action 'self'", "form-action 'self' https:", "form-action 'self' com.example.app:"])
})

test('the consent page shows the registered details of a client', async () => {
  const detailed = await server.addClient({
    name: 'Orchard Orders',
    logo: '/logos/orders.png',
    homepage: 'https://orchard.example/',
    privacy: 'https://orchard.example/privacy',
    publisher: 'Orchard Inc.',
    isThirdParty: true,
  })
  const { body, text, headers } = await (await signedIn()).open(authorizationUrl(server, detailed))
  expect(body).toContain('<img class="icon" src="/logos/orders.png" alt="" />')
  expect(headers.get('content-security-policy')).toContain("; img-src 'self' data:; ")
  for (const detail of ['By Orchard Inc.', 'orchard.example', 'Privacy policy', 'Third-party app'])
    expect(text).toContain(detail)
})

test('the consent page links to the page of connected apps if it is on', async () => {
  const request = authorizationUrl(server, await server.addClient())
  expect((await (await signedIn()).open(request)).body).toContain('href="/account/apps"')
  await using own = await startServer({ accountPages: [] })
  const browser = openBrowser(own)
  const login = await browser.open(authorizationUrl(own, await own.addClient()))
  const asked = await browser.signIn(login, await own.addUser())
  expect([asked.status, asked.body.includes('/account/apps')]).toEqual([200, false])
})

test('the sign-in page labels the user name as its user provider specifies', async () => {
  const lookup = { find: async () => undefined, findByUsername: async () => undefined }
  const users = { ...lookup, verifyPassword: async () => false }
  const providers = { staff: { ...users, signInWith: 'username' as const }, partners: users }
  await using several = await startServer({ providers })
  const labelAt = async (path: string): Promise<string | undefined> =>
    /<label for="username">(.*?)</.exec((await openBrowser(several).open(several.endpoint(path))).body)?.[1]
  expect(await labelAt('/login')).toBe('Email')
  expect(await labelAt('/login/staff')).toBe('Username')
  expect(await labelAt('/login/partners')).toBe('Email or username')
})
