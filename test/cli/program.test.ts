import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { consulate, emptyDirectory } from './run.ts'

const COMMANDS = [
  'serve',
  'install',
  'keys',
  'client',
  'client create',
  'client list',
  'client show',
  'client update',
  'client rotate-secret',
  'client revoke',
  'user',
  'user create',
  'user list',
  'user show',
  'user disable',
  'user enable',
  'user password',
  'session',
  'session list',
  'session revoke',
  'connection',
  'connection list',
  'connection disconnect',
  'authorization',
  'authorization list',
  'authorization revoke',
  'doctor',
  'routes',
  'migrate',
  'purge',
  'recover',
  'explain',
]

describe('help', () => {
  test.each(COMMANDS)('consulate %s --help', async (command) => {
    const { code, stdout } = await consulate(emptyDirectory(), [...command.split(' '), '--help'])
    expect(code).toBe(0)
    expect(stdout).toContain(`Usage: consulate ${command}`)
    expect(stdout.split('\n').filter((line) => line.length > 80)).toEqual([])
  })

  test.each(['keys', 'client', 'client rotate-secret', 'user'])(
    'consulate help %s is the same',
    async (command) => {
      const [help, flag] = await Promise.all(
        [
          ['help', ...command.split(' ')],
          [...command.split(' '), '--help'],
        ].map((args) => consulate(emptyDirectory(), args)),
      )
      expect(help).toEqual(flag)
    },
  )

  test('--help lists every command and the environment variables', async () => {
    const { code, stdout } = await consulate(emptyDirectory(), ['--help'])
    expect(code).toBe(0)
    for (const command of COMMANDS.filter((name) => !name.includes(' '))) {
      expect(stdout).toMatch(new RegExp(`^  ${command} `, 'm'))
    }
    for (const name of ['DATA', 'ISSUER', 'SCOPES', 'TRUSTED_PROXIES', 'PRIVATE_KEY', 'SECRET']) {
      expect(stdout).toContain(`CONSULATE_${name}`)
    }
  })

  test('--version prints the version of the package', async () => {
    const { version } = JSON.parse(readFileSync('package.json', 'utf8')) as { version: string }
    expect(await consulate(emptyDirectory(), ['--version'])).toEqual({
      code: 0,
      stdout: `${version}\n`,
      stderr: '',
    })
  })
})

describe('a usage error exits with 2, with a message on standard error only', () => {
  test.each([
    ['no command', []],
    ['an unknown command', ['server']],
    ['an unknown command of client', ['client', 'lst']],
    ['an unknown option', ['install', '--jsn']],
    ['an option without a value', ['client', 'create', '--name']],
    ['too many arguments', ['migrate', 'now']],
    ['too few arguments', ['client', 'show']],
    ['help for an unknown command', ['help', 'client', 'rotate']],
    ['an unknown algorithm', ['keys', '--algorithm', 'none']],
    ['a length that is not a number', ['keys', '--algorithm', 'RS256', '--length', 'long']],
    ['an invalid port', ['serve', '--port', '65536']],
    ['two passwords', ['user', 'create', '--password', 'a', '--password-stdin']],
    ['a user without an email, and no terminal', ['user', 'create']],
    ['a user without a password, and no terminal', ['user', 'create', '--email', 'ada@example.com']],
    ['a client without a name, and no terminal', ['client', 'create', '--machine']],
    ['recover without --yes, and no terminal', ['recover']],
    ['a client without a redirect URI', ['client', 'create', '--name', 'Shop']],
    [
      'a machine with a redirect URI',
      ['client', 'create', '--name', 'A', '--machine', '--redirect-uri', 'https://a.example'],
    ],
    [
      'a service that asks for scopes',
      ['client', 'create', '--name', 'A', '--service', '--scope', 'orders:read'],
    ],
    ['a public machine', ['client', 'create', '--name', 'A', '--machine', '--public']],
  ])('%s', async (_what, args) => {
    const { code, stdout, stderr } = await consulate(emptyDirectory(), args)
    expect(code).toBe(2)
    expect(stdout).toBe('')
    expect(stderr).not.toBe('')
  })

  test('does not repeat surplus arguments, which may be URLs with a password', async () => {
    const { code, stderr } = await consulate(emptyDirectory(), [
      'import',
      'passport',
      'mysql://root:hunter2@db/app',
    ])
    expect(code).toBe(2)
    expect(stderr).toContain('Expected 0 arguments but got 1\n')
    expect(stderr).not.toContain('hunter2')
  })

  test('an invalid port in the environment', async () => {
    const { code, stderr } = await consulate(emptyDirectory(), ['serve'], { env: { PORT: 'http' } })
    expect(code).toBe(2)
    expect(stderr).toContain("'PORT'")
  })
})

test('the script that checks the version of Node has no syntax that an old Node cannot parse', () => {
  const script = readFileSync('bin/consulate.js', 'utf8').replaceAll(/^(#!|\s*\/\/).*$/gm, '')
  expect(script).not.toMatch(/^\s*(import|export)\s[^(]|\?\?|\?\.|\bimport\.meta\b|^\s*await\b/m)
})
