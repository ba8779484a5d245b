import { writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { sampleOf } from '../support/dose.ts'
import { hasTerminal, onTerminal, type TerminalOutcome } from './on-terminal.ts'
import { consulate, emptyDirectory, installed, linkPackage, type Variables } from './run.ts'

const [ENTER, DOWN, SPACE, CTRL_C] = ['\r', '\u001B[B', ' ', '\u0003']
const SCOPES = { CONSULATE_SCOPES: 'orders:read=See your orders;orders:create=Place orders' }

/** Installs a project with a configuration file. `options` are its users' providers and scopes, as source code. */
async function installedWith(options: string): Promise<string> {
  const cwd = emptyDirectory()
  await linkPackage(cwd)
  const config = `
import { authorizationCode, builtInUsers, secretsFromDirectory } from 'consulate'
import { sqlite } from 'consulate/sqlite'
const empty = { find: async () => undefined, findByUsername: async () => undefined, verifyPassword: async () => false }
export default {
  issuer: 'https://auth.example.com', secrets: secretsFromDirectory('secrets'), store: sqlite('data.db'),
  users: builtInUsers(), grants: [authorizationCode()], ${options},
}`
  writeFileSync(join(cwd, 'consulate.config.mts'), config)
  await consulate(cwd, ['install'])
  return cwd
}

/** A text to wait for, and the keys to type then. */
type Turn = readonly [question: string, keys: string]

/** Runs a command on a terminal and answers its questions. */
async function converse(
  cwd: string,
  args: string,
  turns: readonly Turn[],
  options: { readonly columns?: number; readonly env?: Variables } = {},
): Promise<TerminalOutcome> {
  const { waitFor, type, end } = onTerminal(cwd, args, options)
  for (const [question, keys] of turns) {
    await waitFor(question)
    type(keys)
  }
  return end()
}

const listClients = async (cwd: string): Promise<unknown> =>
  JSON.parse((await consulate(cwd, ['client', 'list', '--json'])).stdout)

const createClient = async (cwd: string, ...flags: string[]): Promise<string> => {
  const args = ['client', 'create', '--machine', '--json', ...flags]
  return (JSON.parse((await consulate(cwd, args)).stdout) as { client_id: string }).client_id
}

describe.runIf(hasTerminal)('client create on a terminal', () => {
  test.each(sampleOf([40, 80]))(
    'asks for everything that a flag leaves out, at %d columns',
    async (columns) => {
      const cwd = await installed()
      const { code, screen } = await converse(
        cwd,
        'client create',
        [
          ['Name', `Shop SPA${ENTER}`],
          ['Application type', `${DOWN}${ENTER}`],
          ['Who made this app?', `${DOWN}${ENTER}`],
          ['Redirect URI', `https://shop.example/cb, https://shop.example/silent${ENTER}`],
          ['Scopes', `${DOWN}${SPACE}${ENTER}`],
        ],
        { env: SCOPES, columns },
      )
      expect(code).toBe(0)
      expect(screen).toContain('Single-page or mobile app')
      expect(screen).toContain('orders:create')
      expect(await listClients(cwd)).toMatchObject([
        {
          client_name: 'Shop SPA',
          type: 'public',
          redirect_uris: ['https://shop.example/cb', 'https://shop.example/silent'],
          scope: 'orders:create',
          third_party: true,
          ends_with_session: false,
        },
      ])
    },
  )

  test('asks again when an answer is wrong, and says why', async () => {
    const cwd = await installed()
    const { code } = await converse(cwd, 'client create', [
      ['Name', ENTER],
      ['It must be 1 to 255 characters.', `Shop${ENTER}`],
      ['Application type', ENTER],
      ['Who made this app?', ENTER],
      ['Redirect URI', `http://shop.example/cb${ENTER}`],
      ['http://shop.example/cb must use https', `\u0015https://shop.example/cb${ENTER}`],
      ['Scopes', `a"b${ENTER}`],
      ['must be visible ASCII', `\u0015orders:read${ENTER}`],
    ])
    expect(code).toBe(0)
    expect(await listClients(cwd)).toMatchObject([
      { client_name: 'Shop', redirect_uris: ['https://shop.example/cb'], third_party: false },
    ])
  })

  test('does not ask a device for a redirect URI', async () => {
    const cwd = await installed()
    const { code, screen } = await converse(cwd, 'client create --name TV', [
      ['Application type', `${DOWN.repeat(3)}${ENTER}`],
      ['Who made this app?', ENTER],
      ['Scopes', ENTER],
    ])
    expect(code).toBe(0)
    expect(screen).not.toContain('separate several with commas')
    expect(await listClients(cwd)).toMatchObject([
      { grant_types: ['urn:ietf:params:oauth:grant-type:device_code', 'refresh_token'], scope: null },
    ])
  })

  test('asks how a service checks tokens', async () => {
    const cwd = await installed()
    const { code } = await converse(cwd, 'client create --name Orders', [
      ['Application type', `${DOWN.repeat(4)}${ENTER}`],
      ['How does it check tokens?', `${DOWN}${ENTER}`],
    ])
    expect(code).toBe(0)
    expect(await listClients(cwd)).toMatchObject([
      { grant_types: [], follows_revocations: false, introspects: true },
    ])
  })

  test('asks nothing when the flags say enough', async () => {
    const cwd = await installed()
    const { code } = await onTerminal(cwd, 'client create --machine --name Importer').end()
    expect(code).toBe(0)
  })

  test('changes nothing after Ctrl-C', async () => {
    const cwd = await installed()
    const { code, screen } = await converse(cwd, 'client create', [['Name', CTRL_C]])
    expect(code).toBe(1)
    expect(screen).toContain('Canceled. Nothing was changed.')
    expect(await listClients(cwd)).toEqual([])
  })

  test('asks nothing with --json', async () => {
    const { code, screen } = await onTerminal(emptyDirectory(), 'client create --json').end()
    expect(code).toBe(2)
    expect(screen).toContain('--name is required.')
  })

  test('asks for the user provider if there are several', async () => {
    const cwd = await installedWith('providers: { customers: empty }, scopes: {}')
    const { code } = await converse(cwd, 'client create --name Shop --redirect-uri https://shop.example/', [
      ['User provider', `${DOWN}${ENTER}`],
    ])
    expect(code).toBe(0)
    expect(await listClients(cwd)).toMatchObject([{ provider: 'customers' }])
  })

  test('offers a third-party client no first-party-only scopes, in any language, and accepts none', async () => {
    const cwd = await installedWith(
      "scopes: { a: { description: { vi: 'Xem A' } }, b: { description: 'Change B', firstPartyOnly: true } }",
    )
    const { code, screen } = await converse(cwd, 'client create', [
      ['Name', `Shop${ENTER}`],
      ['Application type', ENTER],
      ['Who made this app?', `${DOWN}${ENTER}`],
      ['Redirect URI', `https://shop.example/${ENTER}`],
      ['Scopes', `${SPACE}${ENTER}`],
    ])
    expect([code, screen.includes('Xem A'), screen.includes('Change B')]).toEqual([0, true, false])
    const [client] = (await listClients(cwd)) as [{ readonly client_id: string; readonly scope: string }]
    expect(client.scope).toBe('a')
    const create = [
      'client',
      'create',
      '--third-party',
      '--name',
      'X',
      '--redirect-uri',
      'https://x.example/',
    ]
    for (const args of [create, ['client', 'update', client.client_id]]) {
      const { code: exitCode, stderr } = await consulate(cwd, [...args, '--scope', 'a b'])
      expect([exitCode, stderr]).toEqual([2, '--scope b: for first-party clients only\n'])
    }
  })
})

describe.runIf(hasTerminal)('user create on a terminal', () => {
  test('asks for a password without showing it, and again if it is too short', async () => {
    const cwd = await installed()
    const { code, screen } = await converse(cwd, 'user create', [
      ['Email', `ada${ENTER}`],
      ['It must be an email address.', `@example.com${ENTER}`],
      ['Password (at least 8 characters)', `horse${ENTER}`],
      ['It must have at least 8 characters.', `correct horse${ENTER}`],
    ])
    expect(code).toBe(0)
    expect(screen).not.toContain('horse')
    expect(screen).toMatch(/Created user ada@example\.com \(ID [\w-]{22}\)\./)
  })

  test('does not ask for a password if the email is taken', async () => {
    const cwd = await installed()
    const env = { CONSULATE_PASSWORD: 'correct horse' }
    await consulate(cwd, ['user', 'create', '--email', 'ada@example.com'], { env })
    const { code, screen } = await onTerminal(cwd, 'user create --email Ada@example.com').end()
    expect(code).toBe(1)
    expect(screen).toContain('A user with the email Ada@example.com already exists.')
  })
})

describe.runIf(hasTerminal)('a confirmation', () => {
  test.each([
    ['Enter', ENTER, 1, 'Canceled. Nothing was changed.', false],
    ['Ctrl-C', CTRL_C, 1, 'Canceled. Nothing was changed.', false],
    ['y', `y${ENTER}`, 0, 'Revoked client "Shop SPA". Its tokens stop working within 1 second.', true],
  ])('of client revoke answered with %s', async (_name, keys, code, message, isRevoked) => {
    const cwd = await installed()
    const id = await createClient(cwd, '--name', 'Shop SPA')
    const outcome = await converse(cwd, `client revoke ${id}`, [['Revoke client "Shop SPA"?', keys]])
    expect(outcome.code).toBe(code)
    expect(outcome.screen).toContain(message)
    const [client] = (await listClients(cwd)) as { revoked_at: string | null }[]
    expect(client?.revoked_at !== null).toBe(isRevoked)
  })

  test('is not asked with --yes', async () => {
    const cwd = await installed()
    const id = await createClient(cwd, '--name', 'Shop')
    const { code, screen } = await onTerminal(cwd, `client revoke ${id} --yes`).end()
    expect([code, screen]).toEqual([0, 'Revoked client "Shop". Its tokens stop working within 1 second.\r\n'])
  })

  test('of user disable changes nothing without a yes', async () => {
    const cwd = await installed()
    const env = { CONSULATE_PASSWORD: 'correct horse' }
    await consulate(cwd, ['user', 'create', '--email', 'ada@example.com'], { env })
    const question = 'Disable ada@example.com and sign them out everywhere?'
    expect((await converse(cwd, 'user disable ada@example.com', [[question, ENTER]])).code).toBe(1)
    const { stdout } = await consulate(cwd, ['user', 'show', 'ada@example.com', '--json'])
    expect(JSON.parse(stdout)).toMatchObject({ disabled_at: null })
    const yes = await converse(cwd, 'user disable ada@example.com', [[question, `y${ENTER}`]])
    expect(yes.screen).toContain('Disabled ada@example.com.')
  })

  test('of recover revokes everything only after a yes', async () => {
    const cwd = await installed()
    const no = await converse(cwd, 'recover', [['Revoke everything?', ENTER]])
    expect([no.code, no.screen.includes('Canceled. Nothing was changed.')]).toEqual([1, true])
    const yes = await converse(cwd, 'recover', [['Revoke everything?', `y${ENTER}`]])
    expect([yes.code, yes.screen.includes('Revoked everything.')]).toEqual([0, true])
  })
})

describe.runIf(hasTerminal).each(sampleOf([40, 80]))('on a terminal with %d columns', (columns) => {
  /** What no terminal of that width can show on one line. */
  const isLongWord = (line: string): boolean => /^\s*\S+$/.test(line)

  test.concurrent.each([
    '--help',
    'client --help',
    'client create --help',
    'client update --help',
    'user create --help',
  ])('%s breaks between words only', async (args) => {
    const { code, screen } = await onTerminal(tmpdir(), args, { columns }).end()
    expect(code).toBe(0)
    expect(screen.split('\r\n').filter((line) => line.length > columns && !isLongWord(line))).toEqual([])
  })

  test('tables and records break between words only', async () => {
    const cwd = await installed()
    const uris = ['--redirect-uri', 'https://shop.example/callback/with/a/long/path/of/its/own']
    const name = 'A shop with a name of several words, longer than any line'
    const create = [
      'client',
      'create',
      '--name',
      name,
      ...uris,
      '--scope',
      'orders:read orders:create',
      '--json',
    ]
    const { stdout } = await consulate(cwd, create)
    const { client_id: id } = JSON.parse(stdout) as { client_id: string }
    const env = { CONSULATE_PASSWORD: 'correct horse' }
    await consulate(cwd, ['user', 'create', '--email', 'ada@example.com', '--name', 'Ada Lovelace'], { env })
    const commands = [`client show ${id}`, 'client list', 'user list', 'user show ada@example.com']
    const outcomes = await Promise.all(commands.map((args) => onTerminal(cwd, args, { columns }).end()))
    for (const [index, { code, screen }] of outcomes.entries()) {
      expect(code).toBe(0)
      const tooLong = screen.split('\r\n').filter((line) => line.length > columns && !isLongWord(line))
      expect([commands[index], tooLong]).toEqual([commands[index], []])
    }
    const screen = outcomes[0]?.screen ?? ''
    for (const text of [id, name, uris[1]]) expect(screen.replaceAll(/\s+/g, ' ')).toContain(text)
  })
})

describe.runIf(hasTerminal)('colors', () => {
  const ESCAPE = '\u001B['
  const show = async (cwd: string, env: Variables): Promise<boolean> =>
    (await onTerminal(cwd, 'client list', { env }).end()).raw.includes(ESCAPE)

  test('are shown on a terminal, not with NO_COLOR or on a dumb one', async () => {
    const cwd = await installed()
    await createClient(cwd, '--name', 'Importer')
    const variants = [{}, { NO_COLOR: '1' }, { TERM: 'dumb' }].map((env) => show(cwd, env))
    expect(await Promise.all(variants)).toEqual([true, false, false])
  })

  test('are not written to a pipe, but with FORCE_COLOR', async () => {
    const cwd = await installed()
    await createClient(cwd, '--name', 'Importer')
    const list = (env: Variables) => consulate(cwd, ['client', 'list'], { env })
    expect((await list({})).stdout).not.toContain(ESCAPE)
    expect((await list({ FORCE_COLOR: '1' })).stdout).toContain(ESCAPE)
    expect((await list({ FORCE_COLOR: '0' })).stdout).not.toContain(ESCAPE)
  })
})
