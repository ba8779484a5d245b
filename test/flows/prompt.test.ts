import { afterAll, describe, expect, test } from 'vitest'
import { openBrowser } from '../support/browser.ts'
import type { Page } from '../support/browser.ts'
import { authorizationUrl, authorize, codeIn } from '../support/oauth-client.ts'
import { startServer } from '../support/server.ts'

const server = await startServer()
const user = await server.addUser()
const client = await server.addClient()
const stranger = await server.addClient({ name: 'Stranger' })
afterAll(server.close)

const url = (prompt?: string, to = client): string =>
  authorizationUrl(server, to, { scope: 'profile', prompt, state: 'kept' })
const errorIn = ({ url: { searchParams } }: Page): string | null => searchParams.get('error')
const labelsIn = ({ forms }: Page): readonly string[] => forms.map(({ label }) => label)

/** A browser in which the user is signed in and has allowed the client. */
async function familiar() {
  const browser = openBrowser(server)
  await authorize(browser, url(), user)
  return browser
}

test('a guest signs in and comes back to the very request', async () => {
  const browser = openBrowser(server)
  const login = await browser.open(url(undefined, stranger))
  expect(login.url.pathname).toBe('/login')
  expect(login.text).toContain('to continue to Stranger')
  const consent = await browser.signIn(login, user)
  expect(consent.url.href).toBe(url(undefined, stranger))
  expect(labelsIn(consent)).toContain('Allow')
})

describe('prompt=none', () => {
  test('says login_required of a guest, with state and issuer, and shows nothing', async () => {
    const page = await openBrowser(server).open(url('none'))
    expect(page.url.origin).toBe('https://app.example')
    expect(errorIn(page)).toBe('login_required')
    expect(page.url.searchParams.get('state')).toBe('kept')
    expect(page.url.searchParams.get('iss')).toBe(server.issuer)
  })

  test('says consent_required of who has not consented', async () => {
    expect(errorIn(await (await familiar()).open(url('none', stranger)))).toBe('consent_required')
  })

  test('gives a code where nobody needs to be asked', async () => {
    expect(codeIn(await (await familiar()).open(url('none')))).toBeTruthy()
  })

  test('wins over what stands beside it', async () => {
    expect(errorIn(await openBrowser(server).open(url('none login')))).toBe('login_required')
    expect(errorIn(await (await familiar()).open(url('consent none')))).toBe('consent_required')
  })
})

describe('prompt=login', () => {
  test('has the user sign in again, and then goes on', async () => {
    const browser = await familiar()
    const login = await browser.open(url('login'))
    expect(labelsIn(login)).toEqual(['Sign in'])
    expect(codeIn(await browser.signIn(login, user))).toBeTruthy()
  })

  test('goes on as whoever signs in', async () => {
    const other = await server.addUser()
    const browser = await familiar()
    const consent = await browser.signIn(await browser.open(url('login')), other)
    expect(consent.text).toContain(other.email)
  })

  test('with consent asks for both, in this order', async () => {
    const browser = await familiar()
    const login = await browser.open(url('login consent'))
    expect(labelsIn(login)).toEqual(['Sign in'])
    expect(labelsIn(await browser.signIn(login, user))).toContain('Allow')
  })
})

test('prompt=consent asks again what was allowed before', async () => {
  const browser = await familiar()
  const page = await browser.open(url('consent'))
  expect(labelsIn(page)).toContain('Allow')
  expect(codeIn(await browser.press(page, 'Allow'))).toBeTruthy()
})

test('a prompt that nobody knows is ignored', async () => {
  expect(codeIn(await (await familiar()).open(url('select_account')))).toBeTruthy()
})

test('who is somebody else says so on the consent page, signs in and comes back', async () => {
  const other = await server.addUser()
  const browser = await familiar()
  const consent = await browser.open(url('consent'))
  const login = await browser.press(consent, 'Not you? Use another account')
  expect(labelsIn(login)).toEqual(['Sign in'])
  const again = await browser.signIn(login, other)
  expect(again.text).toContain(`Signed in as ${other.email}`)
})
