import { describe, expect, test } from 'vitest'
import { openBrowser } from '../support/browser.ts'
import { configProblems } from '../support/config.ts'
import { createMailbox } from '../support/password-reset.ts'
import { startServer } from '../support/server.ts'
import { callSignInApi } from '../support/sign-in-api.ts'
import { createUserTable } from '../support/user-table.ts'

const mailbox = createMailbox()
const table = createUserTable()

describe('passwordReset', () => {
  test('is off by default', () => {
    const paths = (config: object) =>
      startServer(config).then(async (started) => {
        await started.close()
        return started.server.routes.map(({ path }) => path).filter((path) => /forgot|reset/.test(path))
      })
    return expect(Promise.all([paths({}), paths({ passwordReset: mailbox.passwordReset })])).resolves.toEqual(
      [[], ['/forgot-password', '/reset-password', '/auth/forgot-password', '/auth/reset-password']],
    )
  })

  test.each<[object, readonly string[]]>([
    [{ passwordReset: {} }, ['passwordReset.send: must be a function that sends the link to the user']],
    [
      { passwordReset: { send: () => undefined, lifetime: 'soon' } },
      ["passwordReset.lifetime: must be a duration such as '15m', '12h', '30d', or a number of seconds"],
    ],
    [
      { passwordReset: { sent: () => undefined, send: () => undefined } },
      ['passwordReset.sent: unknown option. Did you mean send?'],
    ],
  ])('reports %o', (config, problems) => {
    expect(configProblems(config)).toEqual(problems)
  })

  test('needs a provider that can change passwords', () => {
    const { setPassword: _, ...users } = { ...table.provider, setPassword: undefined }
    expect(configProblems({ users, passwordReset: mailbox.passwordReset })).toEqual([
      'passwordReset: needs a user provider with setPassword',
    ])
  })

  test('fails at the start if a factory returns no provider that can change passwords', async () => {
    const { setPassword: _, ...users } = table.provider
    await using server = await startServer({ users: () => users, passwordReset: mailbox.passwordReset })
    await expect(server.server.ready()).rejects.toThrow(
      'passwordReset: needs a user provider with setPassword',
    )
  })

  test('answers 404 for a provider that turns out not to change passwords', async () => {
    const { setPassword: _, ...users } = table.provider
    await using mixed = await startServer({
      users: () => users,
      providers: { customers: table.provider },
      passwordReset: mailbox.passwordReset,
    })
    const guest = openBrowser(mixed)
    for (const path of ['/forgot-password', '/reset-password?token=x'])
      expect((await guest.open(mixed.endpoint(path))).status).toBe(404)
    const body = { username: 'ada@example.com' }
    expect((await callSignInApi(mixed, '/auth/forgot-password', { body })).status).toBe(404)
    expect((await callSignInApi(mixed, '/auth/forgot-password/customers', { body })).status).toBe(202)
    expect((await guest.open(mixed.endpoint('/login'))).text).not.toContain('Forgot password?')
    expect((await guest.open(mixed.endpoint('/login/customers'))).text).toContain('Forgot password?')
  })
})
