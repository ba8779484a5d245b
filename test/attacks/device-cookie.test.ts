import { afterAll, beforeEach, describe, expect, test } from 'vitest'
import { authorizationCode, passwordGrant } from '../../src/index.ts'
import { createDeviceTokens } from '../../src/sessions/device-tokens.ts'
import { openBrowser } from '../support/browser.ts'
import type { Browser, Page } from '../support/browser.ts'
import { requestToken } from '../support/oauth-client.ts'
import { startServer } from '../support/server.ts'
import type { TestUser } from '../support/server.ts'
import { createUserTable } from '../support/user-table.ts'
import type { UserTable } from '../support/user-table.ts'

/*
 * A stranger's wrong passwords must not lock a user out of a browser in which they have signed in before. The accounts are
 * those of an application's own table, whose passwords cost nothing to check.
 */

const NAME = 'consulate_device'
const LIMIT = 3
const HALF_A_YEAR = 180 * 24 * 60 * 60

const [staff, customers] = [createUserTable(), createUserTable()]
/** Finds users as the built-in provider does: in any spelling. */
const lenient = ({ provider }: UserTable): UserTable['provider'] => ({
  ...provider,
  findByUsername: (name) => provider.findByUsername(name.trim().toLowerCase()),
})

const server = await startServer({
  users: lenient(staff),
  providers: { customers: lenient(customers) },
  grants: [authorizationCode(), passwordGrant()],
  throttle: { perAccount: { failures: LIMIT, window: '15m' }, perAddress: { failures: 1000, window: '1m' } },
})
afterAll(server.close)

function addUser({ users }: UserTable = staff): TestUser {
  const id = `user-${staff.users.size + customers.users.size}`
  const added = {
    id,
    email: `${id}@example.com`,
    password: server.knownSecrets.add('password', `the password of ${id}`),
  }
  users.set(id, added)
  return added
}

let user: TestUser
let home: Browser

/** Posts the sign-in form. */
async function post(
  browser: Browser,
  who: Pick<TestUser, 'email' | 'password'>,
  path = '/login',
): Promise<Page> {
  return browser.signIn(await browser.open(server.endpoint(`${path}?prompt=login`)), who)
}

const guess = (browser: Browser, { email }: Pick<TestUser, 'email'> = user, path?: string): Promise<Page> =>
  post(browser, { email, password: 'a wrong password' }, path)

/** Makes as many wrong guesses as are allowed, and one more. */
async function lockOut(browser: Browser = openBrowser(server), who = user, path?: string): Promise<void> {
  for (let count = 0; count < LIMIT; count += 1) expect((await guess(browser, who, path)).status).toBe(403)
  expect((await guess(browser, who, path)).status).toBe(429)
}

const signIn = async (browser: Browser = openBrowser(server), who = user, path?: string): Promise<number> =>
  (await post(browser, who, path)).status

/** Another browser with a device cookie and nothing else. */
function browserWith(cookie = home.cookies.get(NAME) ?? ''): Browser {
  const browser = openBrowser(server)
  browser.setCookie(NAME, cookie)
  return browser
}

beforeEach(async () => {
  user = addUser()
  home = openBrowser(server)
  await post(home, user)
})

describe("a stranger's wrong passwords", () => {
  test('lock out other strangers, but not the browser that signed in before', async () => {
    await lockOut()
    expect(await signIn()).toBe(429)
    expect(await signIn(home)).toBe(200)
  })

  test('do not lock it out after it signed out or was restarted', async () => {
    await home.press(await home.open(server.endpoint('/logout')), 'Sign out')
    home.restart()
    await lockOut()
    expect(await signIn(home)).toBe(200)
  })

  test('do not lock it out by their address, which may be that of a whole company', async () => {
    await using strict = await startServer({
      users: staff.provider,
      throttle: { perAccount: { failures: 10, window: '15m' }, perAddress: { failures: 2, window: '1h' } },
    })
    const signInWith = async (browser: Browser, password: string) =>
      browser.signIn(await browser.open(strict.endpoint('/login?prompt=login')), { ...user, password })
    const [known, stranger] = [openBrowser(strict), openBrowser(strict)]
    await signInWith(known, user.password)
    for (const status of [403, 403, 429])
      expect((await signInWith(stranger, 'a wrong password')).status).toBe(status)
    expect((await signInWith(known, user.password)).status).toBe(200)
  })

  test('are not forgotten when the user signs in from home', async () => {
    await lockOut()
    await signIn(home)
    expect(await signIn()).toBe(429)
  })

  test('at the password grant count as theirs: a client has no browser', async () => {
    const client = await server.addClient({ grantTypes: ['password'] })
    const ask = (password: string) =>
      requestToken(server, client, { grant_type: 'password', username: user.email, password })
    await lockOut()
    expect((await ask(user.password)).status).toBe(429)
    expect(await signIn(home)).toBe(200)
  })
})

describe('a stolen device cookie', () => {
  test('allows as many guesses as an unknown browser has, and then rejects even the correct password', async () => {
    const thief = browserWith()
    await lockOut(thief)
    expect(await signIn(thief)).toBe(429)
    expect(await signIn(browserWith())).toBe(429)
    server.clock.advance('15m')
    expect(await signIn(thief)).toBe(200)
  })

  test('shares its limit with the browser it was stolen from; browsers without the cookie can still sign in', async () => {
    await guess(home)
    await guess(browserWith())
    await guess(browserWith())
    expect(await signIn(home)).toBe(429)
    expect(await signIn()).toBe(200)
  })

  test('shares that limit even after the user signs in again', async () => {
    const thief = browserWith()
    await guess(thief)
    await signIn(home)
    await lockOut(thief)
    expect(await signIn(home)).toBe(429)
  })

  test('signs no user in, and allows no more parallel guesses than the limit', async () => {
    const thief = browserWith()
    expect((await thief.open(server.endpoint('/login'))).text).not.toContain(user.email)
    const form = await thief.open(server.endpoint('/login'))
    const wrong = { email: user.email, password: 'a wrong password' }
    const pages = await Promise.all(Array.from({ length: 50 }, () => thief.signIn(form, wrong)))
    expect(pages.filter(({ status }) => status === 403)).toHaveLength(LIMIT)
  })

  test('does not say whose it is', () => {
    const cookie = home.cookies.get(NAME) ?? ''
    expect(cookie).toMatch(/^[\w-]{22}\.\d{10}\.[\w-]{43}$/)
    expect(cookie).not.toContain(user.id)
  })
})

describe('a device cookie is worth nothing', () => {
  test('for another account', async () => {
    const target = addUser()
    await lockOut(openBrowser(server), target)
    expect(await signIn(browserWith(), target)).toBe(429)
  })

  test('for a user with a similar name, whose failures are counted together with theirs', async () => {
    const twin = { ...addUser(), email: user.email.replace('u', 'ú') }
    staff.users.set(twin.id, twin)
    const thief = openBrowser(server)
    expect(await signIn(thief, twin)).toBe(200)
    await lockOut()
    expect(await signIn(thief)).toBe(429)
    expect(await signIn(thief, twin)).toBe(200)
  })

  test('for the same name at another provider', async () => {
    const customer = { ...addUser(customers), email: user.email }
    customers.users.set(customer.id, customer)
    const path = '/login/customers'
    await lockOut(openBrowser(server), customer, path)
    expect(await signIn(home, customer, path)).toBe(429)
    await lockOut()
    expect(await signIn(home)).toBe(200)
  })

  test.each<[string, (cookie: string) => string]>([
    ['with another id', (cookie) => `${'A'.repeat(22)}${cookie.slice(22)}`],
    ['with another time', (cookie) => cookie.replace(/\.\d{10}\./, '.9999999999.')],
    ['with another MAC', (cookie) => cookie.slice(0, -43) + 'A'.repeat(43)],
    ['cut off', (cookie) => cookie.slice(0, -1)],
    ['in capitals', (cookie) => cookie.toUpperCase()],
    ['empty', () => ''],
    [
      'after entries of others',
      (cookie) => `${`${'A'.repeat(22)}.1700000000.${'A'.repeat(43)}.`.repeat(5)}${cookie}`,
    ],
    ['a bomb', () => '.'.repeat(4000)],
  ])('%s', async (_what, change) => {
    await lockOut()
    expect(await signIn(browserWith(change(home.cookies.get(NAME) ?? '')))).toBe(429)
  })

  test('after half a year without a sign-in', async () => {
    server.clock.advance('179d')
    await signIn(home)
    server.clock.advance('179d')
    await lockOut()
    expect(await signIn(home)).toBe(200)
    server.clock.advance('180d')
    await lockOut()
    expect(await signIn(home)).toBe(429)
  })
})

test('a browser stays known when the root secret is rotated, but not when it is dropped', () => {
  const [first, second] = [Buffer.alloc(32, 1), Buffer.alloc(32, 2)]
  const create = (...keys: [Buffer, ...Buffer[]]) => createDeviceTokens({ keys, clock: server.clock })
  const token = create(first).remember(undefined, 'ada')
  expect(create(second, first).find(token, 'ada')).toHaveLength(22)
  expect(create(second).find(token, 'ada')).toBeUndefined()
})

describe('the device cookie', () => {
  const cookiesAfter = async (page: Promise<Page>) =>
    (await page).headers.getSetCookie().map((text) => text.split('=', 1)[0])

  test('is set by a successful sign-in only, so that it tells nothing about accounts', async () => {
    const known = await cookiesAfter(guess(openBrowser(server)))
    const unknown = await cookiesAfter(guess(openBrowser(server), { email: 'unknown@example.com' }))
    expect([known, unknown]).toEqual([[], []])
    await guess(home)
    const cookies = home.setCookies.filter((text) => text.startsWith(`${NAME}=`))
    expect(cookies).toHaveLength(1)
    expect(cookies[0]).toMatch(new RegExp(`; Path=/; HttpOnly; SameSite=Lax; Max-Age=${HALF_A_YEAR}$`))
  })

  test('knows the last five accounts of a browser, however their names are spelled', async () => {
    const accounts = [user]
    for (let count = 0; count < 4; count += 1) accounts.push(addUser())
    // Signing in to one account again and again does not push out the others.
    for (const account of [...accounts, ...Array.from({ length: 5 }, () => user)]) await post(home, account)
    for (const account of accounts) {
      await lockOut(openBrowser(server), account)
      expect(await signIn(home, { ...account, email: ` ${account.email.toUpperCase()} ` })).toBe(200)
    }
    expect((home.cookies.get(NAME) ?? '').length).toBeLessThan(400)
    await post(home, addUser())
    expect(await signIn(home, user)).toBe(429)
  })
})
