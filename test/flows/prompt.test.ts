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

/** Opens a browser in which the user is signed in and has approved the client. */
async function familiar() {
  const browser = openBrowser(server)
  await authorize(browser, url(), user)
  return browser
}

test('a guest signs in and returns to the same request', async () => {
  const browser = openBrowser(server)
  const login = await browser.open(url(undefined, stranger))
  expect(login.url.pathname).toBe('/login')
  expect(login.text).toContain('to continue to Stranger at app.example')
  const consent = await browser.signIn(login, user)
  expect(consent.url.href).toBe(url(undefined, stranger))
  expect(labelsIn(consent)).toContain('Allow')
})

describe('prompt=none', () => {
  test('returns login_required for a guest, with state and issuer', async () => {
    const page = await openBrowser(server).open(url('none'))
    expect(page.url.origin).toBe('https://app.example')
    expect(errorIn(page)).toBe('login_required')
    expect(page.url.searchParams.get('state')).toBe('kept')
    expect(page.url.searchParams.get('iss')).toBe(server.issuer)
  })

  test('returns consent_required without consent', async () => {
    expect(errorIn(await (await familiar()).open(url('none', stranger)))).toBe('consent_required')
  })

  test('returns a code if no page is needed', async () => {
    expect(codeIn(await (await familiar()).open(url('none')))).toBeTruthy()
  })

  test('overrides other prompts', async () => {
    expect(errorIn(await openBrowser(server).open(url('none login')))).toBe('login_required')
    expect(errorIn(await (await familiar()).open(url('consent none')))).toBe('consent_required')
  })
})

describe('prompt=login', () => {
  test('asks the user to sign in again', async () => {
    const browser = await familiar()
    const login = await browser.open(url('login'))
    expect(labelsIn(login)).toEqual(['Sign in'])
    expect(codeIn(await browser.signIn(login, user))).toBeTruthy()
  })

  test('continues as the user who signs in', async () => {
    const other = await server.addUser()
    const browser = await familiar()
    const consent = await browser.signIn(await browser.open(url('login')), other)
    expect(consent.text).toContain(other.email)
  })

  test('asks for both, in this order, together with consent', async () => {
    const browser = await familiar()
    const login = await browser.open(url('login consent'))
    expect(labelsIn(login)).toEqual(['Sign in'])
    expect(labelsIn(await browser.signIn(login, user))).toContain('Allow')
  })
})

test('prompt=consent asks again for what was approved before', async () => {
  const browser = await familiar()
  const page = await browser.open(url('consent'))
  expect(labelsIn(page)).toContain('Allow')
  expect(codeIn(await browser.press(page, 'Allow'))).toBeTruthy()
})

test('an unknown prompt is ignored', async () => {
  expect(codeIn(await (await familiar()).open(url('select_account')))).toBeTruthy()
})

test('a user can switch accounts on the consent page and return to it', async () => {
  const other = await server.addUser()
  const browser = await familiar()
  const consent = await browser.open(url('consent'))
  const login = await browser.press(consent, 'Not you? Use another account')
  expect([login.status, labelsIn(login)]).toEqual([200, ['Sign in']])
  const again = await browser.signIn(login, other)
  expect(again.text).toContain(`Signed in as ${other.email}`)
})
