import { afterAll, afterEach, describe, expect, test } from 'vitest'
import { chooseScopes, type Grant, OAuthError, permit, refreshToken, refuse } from '../../src/index.ts'
import { callApi, requestToken, type JsonResponse } from '../support/oauth-client.ts'
import { type TestUser, startServer, type TestClient } from '../support/server.ts'

const PHONE_CODE = 'https://example.com/grants/phone-code'
const CARELESS = 'https://example.com/grants/careless'
const TERSE = 'https://example.com/grants/terse'

/** What was sent, by phone: whose it is, and a code that works once. */
const sent = new Map<string, { readonly userId: string; readonly code: string }>()
/** What happens while a code is being checked. */
let meanwhile: () => Promise<unknown> = async () => {}
let decisions = 0

async function use(phone: string, code: string | undefined): Promise<boolean> {
  const isRight = sent.get(phone)?.code === code && sent.delete(phone)
  await meanwhile()
  return isRight
}

const phoneCode: Grant = {
  type: PHONE_CODE,
  async decide({ client, form, address, userAgent }, { attempt, userDirectory, scopes }) {
    decisions += 1
    const granted = chooseScopes(scopes, form.get('scope'), client.scopes)
    const phone = form.get('phone') ?? ''
    const userId = sent.get(phone)?.userId ?? ''
    const user = await attempt({ address, account: `phone-code:${phone}` }, async () => {
      const met = await userDirectory.load({ provider: client.provider, userId }, client.id)
      return met && (await use(phone, form.get('code'))) ? met : undefined
    })
    if (!user) return refuse(new OAuthError('invalid_grant', 'The code is invalid'))
    return permit({ client, user, scopes: granted, device: { userAgent, address } })
  },
}

/** Its author checks nothing: what the form says is permitted. */
const careless: Grant = {
  type: CARELESS,
  async decide({ client, form }, { userDirectory }) {
    const ref = { provider: form.get('provider') ?? client.provider, userId: form.get('user') ?? '' }
    const user = await userDirectory.load(ref, form.get('client') ?? client.id)
    if (!user) return refuse(new OAuthError('invalid_grant', 'The user is unknown'), { isGuess: true })
    await meanwhile()
    return permit({
      client,
      user,
      scopes: (form.get('scope') ?? '').split(' '),
      resources: form.getAll('resource'),
    })
  },
}

/** The results of comparing a code: as a boolean, or null as databases return for a missing row. */
const COMPARISONS: Readonly<Record<string, boolean | null>> = { right: true, wrong: false, unknown: null }

/** A grant whose `attempt` returns only a boolean or null. */
const terse: Grant = {
  type: TERSE,
  async decide({ client, form, address }, { attempt, userDirectory }) {
    const userId = form.get('user') ?? ''
    const user = await userDirectory.load({ provider: client.provider, userId }, client.id)
    const isRight = await attempt(
      { address, account: `terse:${userId}` },
      async () => COMPARISONS[form.get('code') ?? ''],
    )
    return user && isRight
      ? permit({ client, user, scopes: [] })
      : refuse(new OAuthError('invalid_grant', 'The code is invalid'))
  },
}

const PROXY = '127.0.0.1'
const server = await startServer({
  grants: [phoneCode, careless, terse, refreshToken()],
  trustedProxies: [PROXY],
})
const client = await server.addClient({ grantTypes: [PHONE_CODE, 'refresh_token'], scopes: ['orders:read'] })
afterEach(() => void (meanwhile = async () => {}))
afterAll(server.close)

let phones = 0

/** Sends a code to a user. */
async function send(user?: TestUser) {
  const { id: userId } = user ?? (await server.addUser())
  phones += 1
  const [phone, code] = [
    `+44163296000${phones}`,
    server.knownSecrets.add('phone code', `code-${phones}-123456`),
  ]
  sent.set(phone, { userId, code })
  return { userId, phone, code }
}

type Parameters = Readonly<Record<string, string>>

/** Each request comes from a new address by default. */
let addresses = 0
async function ask(parameters: Parameters, from?: string, by: TestClient = client): Promise<JsonResponse> {
  addresses += 1
  const address = from ?? `203.0.113.${addresses % 250}`
  const secret = by.secret ?? ''
  const body = new URLSearchParams({
    grant_type: PHONE_CODE,
    client_id: by.id,
    client_secret: secret,
    ...parameters,
  })
  const init = { method: 'POST', body, headers: { 'x-forwarded-for': address } }
  const response = await fetch(server.endpoint('/oauth/token'), init)
  const answer = (await response.json()) as Record<string, unknown>
  for (const name of ['access_token', 'refresh_token'])
    if (typeof answer[name] === 'string') server.knownSecrets.add(name, answer[name])
  return { status: response.status, headers: response.headers, body: answer }
}

const verdict = ({ status, body }: JsonResponse): readonly unknown[] => [status, body['error']]
const INVALID = [400, 'invalid_grant']
const TOO_MANY = [429, 'too_many_requests']

describe('guesses at a code of your own grant', () => {
  test('are counted for the account, from any address, so that a right one comes too late', async () => {
    const { phone, code } = await send()
    for (let tries = 0; tries < 10; tries += 1)
      expect(verdict(await ask({ phone, code: `guess ${tries}` }))).toEqual(INVALID)
    const late = await ask({ phone, code })
    expect(verdict(late)).toEqual(TOO_MANY)
    expect(Number(late.headers.get('retry-after'))).toBeGreaterThan(0)
    const other = await send()
    expect((await ask(other)).status).toBe(200)
  })

  test('sent in parallel do not exceed the limit', async () => {
    const { phone, code } = await send()
    const guesses = Array.from({ length: 40 }, (_, index) => ask({ phone, code: `guess ${index}` }))
    const answers = (await Promise.all(guesses)).map(({ status }) => status)
    expect(answers.filter((status) => status === 400).length).toBeLessThanOrEqual(10)
    expect(answers.every((status) => status === 400 || status === 429)).toBe(true)
    expect(verdict(await ask({ phone, code }))).toEqual(TOO_MANY)
  })

  test('are counted for a number without an account, too', async () => {
    const answers: (readonly unknown[])[] = []
    for (let tries = 0; tries < 11; tries += 1) answers.push(verdict(await ask({ phone: '+440', code: 'x' })))
    expect(answers).toEqual([...Array.from({ length: 10 }, () => INVALID), TOO_MANY])
  })

  test.each(['wrong', 'unknown', 'missing'])(
    'are counted if a check returns a boolean or null: %s',
    async (code) => {
      const by = await server.addClient({ grantTypes: [TERSE] })
      const { id: user } = await server.addUser()
      const guess = (guessed: string) => ask({ grant_type: TERSE, user, code: guessed }, undefined, by)
      for (let tries = 0; tries < 10; tries += 1) expect(verdict(await guess(code))).toEqual(INVALID)
      expect(verdict(await guess('right'))).toEqual(TOO_MANY)
    },
  )

  test('are counted for the address, as with built-in grants', async () => {
    const from = '198.51.100.7'
    for (let tries = 0; tries < 60; tries += 1)
      expect(verdict(await ask({ phone: `+${tries}`, code: 'x' }, from))).toEqual(INVALID)
    expect(verdict(await ask(await send(), from))).toEqual(TOO_MANY)
    expect((await ask(await send())).status).toBe(200)
  })

  test('are counted for the address if the grant only reports a guess', async () => {
    const by = await server.addClient({ grantTypes: [CARELESS] })
    const from = '198.51.100.8'
    for (let tries = 0; tries < 60; tries += 1)
      expect(verdict(await ask({ grant_type: CARELESS, user: `${tries}` }, from, by))).toEqual(INVALID)
    expect(verdict(await ask({ grant_type: CARELESS, user: 'x' }, from, by))).toEqual(TOO_MANY)
  })

  test('that could not be checked are not counted', async () => {
    const { phone, code } = await send()
    meanwhile = () => Promise.reject(new Error('the database of the codes is gone'))
    for (let tries = 0; tries < 12; tries += 1)
      expect((await ask({ phone, code: 'guess' })).body['error']).toBe('server_error')
    meanwhile = async () => {}
    expect((await ask({ phone, code })).status).toBe(200)
  })

  test('that come with an invalid request use up no code', async () => {
    const { phone, code } = await send()
    expect(verdict(await ask({ phone, code, scope: 'profile' }))).toEqual([400, 'invalid_scope'])
    expect((await ask({ phone, code })).status).toBe(200)
  })
})

describe('a code of your own grant', () => {
  test('issues tokens to one of several parallel requests, and none later', async () => {
    const code = await send()
    const answers = await Promise.all(Array.from({ length: 5 }, () => ask(code)))
    expect(answers.filter(({ status }) => status === 200)).toHaveLength(1)
    expect(answers.filter(({ status }) => status === 400)).toHaveLength(4)
    expect(verdict(await ask(code))).toEqual(INVALID)
  })

  test.each<[string, (userId: string) => Promise<unknown>]>([
    ['was signed out everywhere', (id) => server.server.users.signOutEverywhere(id)],
    [
      'got a new password',
      (id) => server.server.users.setPassword(id, server.knownSecrets.add('password', 'horse battery')),
    ],
  ])('issues nothing if its user %s while it was checked', async (_what, end) => {
    const { userId, phone, code } = await send()
    meanwhile = () => end(userId)
    decisions = 0
    const answer = await ask({ phone, code })
    expect([verdict(answer), 'access_token' in answer.body]).toEqual([INVALID, false])
    expect(await server.server.authorizations.list(userId)).toEqual([])
    expect(await server.server.sessions.list(userId)).toEqual([])
    // Not decided again: the code is used up, and a second look would not know that it was right.
    expect(decisions).toBe(1)
  })

  test('issues nothing if its client was revoked while it was checked', async () => {
    const by = await server.addClient({ grantTypes: [PHONE_CODE] })
    const { userId, phone, code } = await send()
    meanwhile = () => server.server.clients.revoke(by.id)
    expect(verdict(await ask({ phone, code }, undefined, by))).toEqual(INVALID)
    expect(await server.server.authorizations.list(userId)).toEqual([])
  })

  test('issues nothing for a disabled user, and is not spent', async () => {
    const { userId, phone, code } = await send()
    await server.store.users.update(userId, { disabledAt: server.clock.now() })
    expect(verdict(await ask({ phone, code }))).toEqual(INVALID)
    expect(sent.has(phone)).toBe(true)
  })

  test('issues tokens that are revoked when the user is signed out everywhere', async () => {
    const { userId, phone, code } = await send()
    const { body } = await ask({ phone, code, scope: 'orders:read' })
    expect((await callApi(server, '/orders', String(body['access_token']))).status).toBe(200)
    await server.server.users.signOutEverywhere(userId)
    expect((await callApi(server, '/orders', String(body['access_token']))).status).toBe(401)
    const again = await requestToken(server, client, {
      grant_type: 'refresh_token',
      refresh_token: String(body['refresh_token']),
    })
    expect(verdict(again)).toEqual(INVALID)
  })

  test('is not even checked for a client that may not use the grant', async () => {
    const by = await server.addClient({ grantTypes: ['refresh_token'] })
    const { phone, code } = await send()
    decisions = 0
    expect(verdict(await ask({ phone, code }, undefined, by))).toEqual([400, 'unauthorized_client'])
    expect([decisions, sent.has(phone)]).toEqual([0, true])
  })
})

describe('a grant that checks nothing of what was sent', () => {
  const attack = async (parameters: Parameters) => {
    const { id: user } = await server.addUser()
    const by = await server.addClient({ grantTypes: [CARELESS], scopes: ['orders:read'] })
    const usual = { grant_type: CARELESS, user, scope: 'orders:read' }
    const answer = await ask({ ...usual, ...parameters }, undefined, by)
    return { verdict: verdict(answer), rows: (await server.server.authorizations.list(user)).length }
  }

  test('issues tokens within the scopes of the client', async () => {
    expect(await attack({})).toEqual({ verdict: [200, undefined], rows: 1 })
  })

  test.each<[string, Parameters, string]>([
    ['a scope that the client may not request', { scope: 'orders:read orders:create' }, 'invalid_scope'],
    ['every scope', { scope: '*' }, 'invalid_scope'],
    ['an unknown scope', { scope: 'admin' }, 'invalid_scope'],
    ['the audience of another service', { resource: 'https://bank.example' }, 'invalid_target'],
    ['a user of an unknown provider', { provider: 'customers' }, 'invalid_grant'],
  ])('does not issue %s', async (_what, parameters, error) => {
    expect(await attack(parameters)).toEqual({ verdict: [400, error], rows: 0 })
  })

  test('issues nothing to a client that is revoked in the meantime, even if another one was named', async () => {
    const { id: user } = await server.addUser()
    const by = await server.addClient({ grantTypes: [CARELESS] })
    meanwhile = () => server.server.clients.revoke(by.id)
    const answer = await ask(
      { grant_type: CARELESS, user, client: client.id, scope: 'profile' },
      undefined,
      by,
    )
    expect(verdict(answer)).toEqual(INVALID)
    expect(await server.server.authorizations.list(user)).toEqual([])
  })
})
