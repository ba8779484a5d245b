import { afterAll, describe, expect, test } from 'vitest'
import { formOf, linkTo, openBrowser } from '../support/browser.ts'
import type { Browser, Page } from '../support/browser.ts'
import { authorizationCode, refreshToken } from '../../src/index.ts'
import { startServer } from '../support/server.ts'
import type { TestServer, TestUser } from '../support/server.ts'
import { APP, createApp, openAppApi } from '../support/user-apps.ts'

const server = await startServer({ userApps: { limit: 3 } })
afterAll(server.close)

const PAGE = '/account/developer'
const FORM = { name: 'Orchard Tools', redirect_uris: 'https://tools.example/callback' }

/** A user who is signed in, and their apps. */
interface Developer {
  readonly user: TestUser
  readonly browser: Browser
  open(query?: string): Promise<Page>
  apps(): ReturnType<TestServer['server']['clients']['listByOwner']>
}

async function signInAsDeveloper(at: TestServer = server): Promise<Developer> {
  const [user, browser] = [await at.addUser(), openBrowser(at)]
  await browser.signIn(await browser.open(at.endpoint('/login')), user)
  return {
    user,
    browser,
    open: (query = '') => browser.open(at.endpoint(PAGE + query)),
    apps: () => at.server.clients.listByOwner(user.id),
  }
}

/** Registers an app on the page, and returns the page with its secret. */
async function register({ browser, open }: Developer, fields: Record<string, string> = {}): Promise<Page> {
  const page = await browser.press(await open('?new=app'), 'Register app', { ...FORM, ...fields })
  secretIn(page)
  return page
}

function secretIn(page: Page, at: TestServer = server): string | undefined {
  const secret = /id="secret"[^>]*>([\w-]{43})</.exec(page.body)?.[1]
  return secret === undefined ? undefined : at.knownSecrets.add('client secret', secret)
}

const onlyId = async ({ apps }: Developer): Promise<string> => (await apps())[0]?.id ?? ''

describe('registering an app', () => {
  test('shows its secret once, and lists it', async () => {
    const developer = await signInAsDeveloper()
    const empty = await developer.open()
    expect(empty.text).toContain("You haven't registered any apps yet.")
    expect(linkTo(empty, 'Register a new app').search).toBe('?new=app')
    const page = await register(developer, { homepage: 'https://tools.example', device: 'on' })
    expect([page.status, page.headers.get('cache-control'), page.url.search]).toEqual([200, 'no-store', ''])
    const [app] = await developer.apps()
    expect(app).toMatchObject({
      name: 'Orchard Tools',
      type: 'confidential',
      homepage: 'https://tools.example',
    })
    expect(app?.grantTypes).toContain('urn:ietf:params:oauth:grant-type:device_code')
    expect(app?.id).toMatch(/^[\da-f]{8}-[\da-f]{4}-8[\da-f]{3}-[89ab][\da-f]{3}-[\da-f]{12}$/)
    const own = await developer.browser.open(linkTo(page, 'Go to the app'))
    expect(own.text).toContain(app?.id)
    expect([own.text.includes(secretIn(page) ?? '?'), own.status]).toEqual([false, 200])
    expect((await developer.open()).text).toContain('Orchard Tools')
  })

  test('of a public app redirects to its page, which says that it has no secret', async () => {
    const developer = await signInAsDeveloper()
    const page = await register(developer, { type: 'public', redirect_uris: 'com.example.app:/callback' })
    expect(page.url.search).toBe(`?app=${await onlyId(developer)}`)
    expect(page.text).toContain('This app has no secret.')
    expect(page.text).not.toContain('Generate a new secret')
    const rotate = await developer.open(`?rotate=${await onlyId(developer)}`)
    expect(rotate.text).not.toContain('Generate secret')
  })

  test('keeps what was entered, with a reason beside each field', async () => {
    const developer = await signInAsDeveloper()
    const entered = {
      name: '\u202e',
      redirect_uris: 'https://ok.example/\n\nhttp://tools.example/\nhttps://ok.example/\nnonsense',
      homepage: 'http://tools.example',
      logo: '/logout',
      privacy: 'javascript:alert(1)',
      terms: 'https://tools.example/terms',
      type: 'public',
    }
    const page = await developer.browser.press(await developer.open('?new=app'), 'Register app', entered)
    expect([page.status, await developer.apps()]).toEqual([422, []])
    expect(formOf(page, 'Register app').fields).toMatchObject(entered)
    expect(page.text).toContain('Line 3 must use https (http is allowed for localhost only).')
    expect(page.text).toContain('Line 5 must be an absolute URI')
    for (const field of ['name', 'redirect_uris', 'homepage', 'logo', 'privacy']) {
      expect(page.body).toMatch(new RegExp(`aria-describedby="${field}-error[^>]* aria-invalid="true"`))
      expect(page.body).toContain(`id="${field}-error"`)
    }
    expect(page.body).not.toContain('terms-error')
    expect(page.body).not.toContain('src="/logout"')
    expect(page.body.match(/<[^>]* autofocus/g)).toEqual([expect.stringContaining('id="name"')])
    expect(page.body).toMatch(/<textarea\s+id="redirect_uris"[^>]* rows="5"/)
    expect(page.body).toContain('<title>Error: ')
  })

  test('is refused at the limit, and too often within a day', async () => {
    const developer = await signInAsDeveloper()
    const form = await developer.open('?new=app')
    for (let count = 0; count < 3; count += 1) await register(developer)
    const list = await developer.open()
    expect(list.text).toContain("You've reached the maximum of 3 apps.")
    expect(list.text).not.toContain('Register a new app')
    const noForm = await developer.open('?new=app')
    expect([noForm.status, noForm.text.includes("You've reached the maximum of 3 apps.")]).toEqual([
      200,
      true,
    ])
    expect(noForm.body).not.toContain('id="redirect_uris"')
    const full = await developer.browser.press(form, 'Register app', FORM)
    expect([full.status, full.text.includes('maximum number of apps')]).toEqual([422, true])
    for (let count = 0; count < 3; count += 1) {
      await server.server.clients.revoke(await onlyId(developer))
      await register(developer)
    }
    await server.server.clients.revoke(await onlyId(developer))
    const busy = await developer.browser.press(await developer.open('?new=app'), 'Register app', FORM)
    expect([busy.status, busy.headers.get('retry-after')]).toEqual([429, '86400'])
    expect(busy.text).toContain("You've registered too many apps. Try again in 24 hours.")
  })

  test('with one form registers one app, and a repeat does not show its secret', async () => {
    const developer = await signInAsDeveloper()
    const form = await developer.open('?new=app')
    const first = await developer.browser.press(form, 'Register app', FORM)
    const secret = secretIn(first) ?? '?'
    const again = await developer.browser.press(form, 'Register app', FORM)
    expect([again.status, again.body.includes(secret)]).toEqual([422, false])
    expect(again.text).toContain("This form was already submitted. If you didn't copy the secret")
    expect(await developer.apps()).toHaveLength(1)
    await server.server.clients.revoke(await onlyId(developer))
    const late = await developer.browser.press(form, 'Register app', FORM)
    const buttons = late.forms.map(({ label }) => label)
    expect([late.status, buttons.includes('Save changes')]).toEqual([404, false])
  })
})

describe('saving an app', () => {
  test('changes what was entered, and says so only if it was saved', async () => {
    const developer = await signInAsDeveloper()
    await register(developer, { homepage: 'https://tools.example', privacy: 'https://tools.example/privacy' })
    const id = await onlyId(developer)
    const page = await developer.open(`?app=${id}`)
    const saved = await developer.browser.press(page, 'Save changes', {
      name: 'Renamed',
      redirect_uris: 'https://b.example/\nhttps://a.example/',
      homepage: '',
    })
    expect([saved.status, saved.text.includes('Your changes were saved.')]).toEqual([200, true])
    expect((await developer.apps())[0]).toMatchObject({
      name: 'Renamed',
      redirectUris: ['https://b.example/', 'https://a.example/'],
      homepage: null,
      privacy: 'https://tools.example/privacy',
    })
    expect((await developer.open(`?app=${id}&saved=yes`)).text).not.toContain('Your changes were saved.')
  })

  test('keeps what was entered after a problem, and changes nothing', async () => {
    const developer = await signInAsDeveloper()
    await register(developer)
    const page = await developer.open(`?app=${await onlyId(developer)}`)
    const wrong = { name: 'Renamed', redirect_uris: 'https://a.example/#b' }
    const refused = await developer.browser.press(page, 'Save changes', wrong)
    expect(refused.status).toBe(422)
    expect(formOf(refused, 'Save changes').fields).toMatchObject(wrong)
    expect(refused.text).toContain('Line 1 must not have a fragment.')
    expect((await developer.apps())[0]?.name).toBe('Orchard Tools')
    const right = await developer.browser.press(refused, 'Save changes', {
      redirect_uris: 'https://a.example/',
    })
    expect(right.text).toContain('Your changes were saved.')
  })

  test('does not overwrite a change that another tab has saved', async () => {
    const developer = await signInAsDeveloper()
    await register(developer)
    const id = await onlyId(developer)
    const [one, two] = [await developer.open(`?app=${id}`), await developer.open(`?app=${id}`)]
    await developer.browser.press(one, 'Save changes', { redirect_uris: 'https://new.example/' })
    const stale = await developer.browser.press(two, 'Save changes', { name: 'Stale' })
    expect([stale.status, stale.text.includes('changed in another window')]).toEqual([409, true])
    expect((await developer.apps())[0]).toMatchObject({
      name: 'Orchard Tools',
      redirectUris: ['https://new.example/'],
    })
    await developer.browser.press(await developer.open(`?app=${id}`), 'Save changes', { name: 'Fresh' })
    expect((await developer.apps())[0]?.name).toBe('Fresh')
  })

  test.each(['Save changes', 'Generate secret', 'Delete app'])(
    'after another tab deleted the app, a form says that it is gone: %s',
    async (label) => {
      const developer = await signInAsDeveloper()
      await register(developer)
      const id = await onlyId(developer)
      const query = { 'Save changes': 'app', 'Generate secret': 'rotate', 'Delete app': 'delete' }[label]
      const form = await developer.open(`?${query}=${id}`)
      await server.server.clients.revoke(id)
      const page = await developer.browser.press(form, label, {})
      expect([page.status, page.text]).toEqual(
        label === 'Delete app'
          ? [200, expect.stringContaining('Orchard Tools was deleted.')]
          : [404, expect.stringContaining('This app no longer exists.')],
      )
      expect((await developer.open(`?${query}=${id}`)).status).toBe(404)
    },
  )
})

describe('generating a secret', () => {
  test('shows it once, with when earlier ones stop working', async () => {
    const developer = await signInAsDeveloper()
    const first = secretIn(await register(developer)) ?? '?'
    const id = await onlyId(developer)
    const form = await developer.browser.open(
      linkTo(await developer.open(`?app=${id}`), 'Generate a new secret'),
    )
    const page = await developer.browser.press(form, 'Generate secret', { overlap: '3600' })
    const second = secretIn(page) ?? '?'
    expect([second === first, page.text.includes('Earlier secrets work until')]).toEqual([false, true])
    const again = await developer.browser.press(form, 'Generate secret')
    expect([again.status, again.body.includes(second)]).toEqual([409, false])
    expect(again.text).toContain('A new secret was already generated.')
    expect(again.text).toContain('Earlier secrets work until')
    const record = await server.store.clients.find(id)
    expect(record?.secrets).toHaveLength(2)
    server.clock.advance('2h')
    expect((await developer.open(`?app=${id}`)).url.pathname).toBe(PAGE)
  })

  test('with no overlap stops earlier ones immediately', async () => {
    const developer = await signInAsDeveloper()
    await register(developer)
    const id = await onlyId(developer)
    const page = await developer.browser.press(await developer.open(`?rotate=${id}`), 'Generate secret', {
      overlap: '0',
    })
    expect([secretIn(page)?.length, page.text.includes('Earlier secrets')]).toEqual([43, false])
    expect((await server.store.clients.find(id))?.secrets).toHaveLength(1)
    const form = await developer.open(`?rotate=${id}`)
    for (const overlap of ['', '-1', '1.5', '1e9', 'soon'])
      expect((await developer.browser.press(form, 'Generate secret', { overlap })).status).toBe(400)
  })
})

describe('deleting an app', () => {
  test('asks first, and says that it was deleted', async () => {
    const developer = await signInAsDeveloper()
    await register(developer)
    const id = await onlyId(developer)
    const question = await developer.browser.open(linkTo(await developer.open(`?app=${id}`), 'Delete app'))
    expect(question.text).toContain(
      'All users of Orchard Tools will lose access immediately, and its client ID stops working.',
    )
    expect((await server.server.clients.find(id))?.revokedAt).toBeNull()
    const list = await developer.browser.press(question, 'Delete app')
    expect([list.url.search, list.text.includes('Orchard Tools was deleted.')]).toEqual([
      `?deleted=${id}`,
      true,
    ])
    expect((await server.server.clients.find(id))?.revokedAt).not.toBeNull()
  })

  test('is not claimed of an app that was not deleted, or of another user', async () => {
    const [mine, theirs] = [await signInAsDeveloper(), await signInAsDeveloper()]
    await register(mine)
    await register(theirs)
    const [own, other] = [await onlyId(mine), await onlyId(theirs)]
    await server.server.clients.revoke(other)
    for (const id of [own, other, 'unknown'])
      expect((await mine.open(`?deleted=${id}`)).text).not.toContain('was deleted.')
  })
})

describe('a sign-in that is too old', () => {
  test('needs the password to register, to change where codes are sent, and to generate a secret', async () => {
    const developer = await signInAsDeveloper()
    await register(developer)
    const id = await onlyId(developer)
    server.clock.advance('16m')
    const right = { current_password: developer.user.password }
    for (const [query, label, fields] of [
      ['?new=app', 'Register app', FORM],
      [`?app=${id}`, 'Save changes', { redirect_uris: 'https://elsewhere.example/' }],
      [`?rotate=${id}`, 'Generate secret', {}],
    ] as const) {
      const form = await developer.open(query)
      expect(formOf(form, label).fields).toHaveProperty('current_password')
      const missing = await developer.browser.press(form, label, fields)
      expect([missing.status, missing.text.includes('Enter your password to continue.')]).toEqual([422, true])
      expect(formOf(missing, label).fields).toMatchObject(fields)
      const wrong = await developer.browser.press(missing, label, { ...fields, current_password: 'wrong' })
      expect([wrong.status, wrong.text.includes('That password is incorrect.')]).toEqual([422, true])
    }
    const page = await developer.open(`?app=${id}`)
    const wrong = { name: 'Renamed', current_password: 'wrong' }
    expect((await developer.browser.press(page, 'Save changes', wrong)).status).toBe(422)
    const renamed = await developer.browser.press(page, 'Save changes', { name: 'Renamed' })
    expect(renamed.text).toContain('Your changes were saved.')
    const form = await developer.open('?new=app')
    expect(secretIn(await developer.browser.press(form, 'Register app', { ...FORM, ...right }))).toHaveLength(
      43,
    )
    expect(formOf(await developer.open('?new=app'), 'Register app').fields).not.toHaveProperty(
      'current_password',
    )
  })
})

test('guests sign in first, and return to the page that they opened', async () => {
  const user = await server.addUser()
  for (const query of ['?new=app', '?app=a', '?rotate=a', '?delete=a']) {
    const browser = openBrowser(server)
    const page = await browser.open(server.endpoint(PAGE + query))
    expect(page.url.pathname).toBe('/login')
    expect((await browser.signIn(page, user)).url.search).toBe(query)
  }
})

test('it is an account page, with a link in the navigation, only with the option', async () => {
  const developer = await signInAsDeveloper()
  const devices = await developer.browser.open(server.endpoint('/account/devices'))
  expect(linkTo(devices, 'Developer apps').pathname).toBe(PAGE)
  await using off = await startServer()
  expect((await fetch(off.endpoint(PAGE))).status).toBe(404)
  await using apiOnly = await startServer({ userApps: {}, accountPages: ['devices'] })
  expect((await fetch(apiOnly.endpoint(PAGE))).status).toBe(404)
  expect((await fetch(apiOnly.endpoint('/oauth/clients'))).status).toBe(401)
})

test('without the device flow, the form does not offer it, and saving keeps it as it is', async () => {
  await using web = await startServer({ userApps: {}, grants: [authorizationCode(), refreshToken()] })
  const developer = await signInAsDeveloper(web)
  const { client_id: id } = await createApp(openAppApi(web, developer.browser), APP)
  const page = await developer.open(`?app=${id}`)
  expect(page.text).not.toContain('device flow')
  await developer.browser.press(page, 'Save changes', { name: 'Renamed' })
  expect((await developer.apps())[0]).toMatchObject({
    name: 'Renamed',
    grantTypes: ['authorization_code', 'refresh_token'],
  })
})
