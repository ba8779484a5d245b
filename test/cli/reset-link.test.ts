import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { openBrowser } from '../support/browser.ts'
import { freePort } from '../support/free-port.ts'
import { createKnownSecrets } from '../support/known-secrets.ts'
import { consulate, emptyDirectory, installed, linkPackage, serve } from './run.ts'

const ADA = 'ada@example.com'

/** A configuration file with links for forgotten passwords. */
const configFile = (port: string): string => `
import { builtInUsers, authorizationCode, secretsFromDirectory } from 'consulate'
import { sqlite } from 'consulate/sqlite'
export default {
  issuer: 'http://127.0.0.1:${port}',
  secrets: secretsFromDirectory('./secrets'),
  store: sqlite('data.db'),
  users: builtInUsers(),
  scopes: { 'orders:read': 'See your orders' },
  grants: [authorizationCode()],
  passwordReset: { send: () => {}, lifetime: '10m' },
}`

describe('consulate user reset-link', () => {
  test('prints a link that works once, while a server runs', async () => {
    const cwd = emptyDirectory()
    await linkPackage(cwd)
    const port = await freePort()
    writeFileSync(join(cwd, 'consulate.config.mjs'), configFile(port))
    expect(await consulate(cwd, ['install'])).toMatchObject({ code: 0 })
    const env = { CONSULATE_PASSWORD: 'correct horse' }
    expect(await consulate(cwd, ['user', 'create', '--email', ADA], { env })).toMatchObject({ code: 0 })
    const server = await serve(cwd, [], { PORT: port })
    const { stdout } = await consulate(cwd, ['user', 'reset-link', ADA, '--json'])
    const { url, expires_at: expiresAt } = JSON.parse(stdout) as Record<string, string>
    expect(url).toMatch(new RegExp(`^${server.origin}/reset-password\\?token=[\\w-]{43}$`))
    expect(Date.parse(expiresAt ?? '') - Date.now()).toBeLessThanOrEqual(600_000)
    const browser = openBrowser({ origin: server.origin, knownSecrets: createKnownSecrets() })
    const page = await browser.open(url ?? '')
    const done = await browser.press(page, 'Change password', { new_password: 'battery staple' })
    expect(done.text).toContain('Your password was changed')
    expect((await browser.open(url ?? '')).status).toBe(410)
    const text = await consulate(cwd, ['user', 'reset-link', ADA])
    expect(text.stdout).toMatch(
      /^Password reset link for ada@example\.com\. Works once, until .+:\nhttp\S+\n$/,
    )
    await consulate(cwd, ['user', 'disable', ADA, '--yes'])
    expect(await consulate(cwd, ['user', 'reset-link', ADA])).toMatchObject({ code: 1 })
    expect(await consulate(cwd, ['user', 'reset-link', 'nobody'])).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('No user') as unknown,
    })
    await server.stop()
  })

  test('says how to turn password resets on', async () => {
    const env = { CONSULATE_ISSUER: 'https://id.example.com' }
    const { code, stderr } = await consulate(await installed(), ['user', 'reset-link', ADA], { env })
    expect([code, stderr]).toEqual([1, expect.stringContaining('Password resets are off.')])
  })
})
