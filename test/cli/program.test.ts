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

describe('the command line says how it is written', () => {
  test.each(COMMANDS)('consulate %s --help', async (command) => {
    const { code, stdout } = await consulate(emptyDirectory(), [...command.split(' '), '--help'])
    expect(code).toBe(0)
    expect(stdout).toContain(`Usage: consulate ${command}`)
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

  test('--help names every command, and the variables that set a server up', async () => {
    const { code, stdout } = await consulate(emptyDirectory(), ['--help'])
    expect(code).toBe(0)
    for (const command of COMMANDS.filter((name) => !name.includes(' '))) {
      expect(stdout).toMatch(new RegExp(`^  ${command} `, 'm'))
    }
    for (const name of ['DATA', 'ISSUER', 'SCOPES', 'TRUSTED_PROXIES', 'PRIVATE_KEY', 'SECRET']) {
      expect(stdout).toContain(`CONSULATE_${name}`)
    }
  })

  test('--version is the version of the package', async () => {
    const { version } = JSON.parse(readFileSync('package.json', 'utf8')) as { version: string }
    expect(await consulate(emptyDirectory(), ['--version'])).toEqual({
      code: 0,
      stdout: `${version}\n`,
      stderr: '',
    })
  })
})

describe('what is wrongly written ends with 2, and says so on standard error only', () => {
  test.each([
    ['no command', []],
    ['an unknown command', ['server']],
    ['an unknown command of client', ['client', 'lst']],
    ['an unknown option', ['install', '--jsn']],
    ['an option without its value', ['client', 'create', '--name']],
    ['an argument too many', ['migrate', 'now']],
    ['an argument too few', ['client', 'show']],
    ['help for an unknown command', ['help', 'client', 'rotate']],
    ['an unknown algorithm', ['keys', '--algorithm', 'none']],
    ['a length that is no number', ['keys', '--algorithm', 'RS256', '--length', 'long']],
    ['a port that is none', ['serve', '--port', '65536']],
    ['two passwords', ['user', 'create', '--password', 'a', '--password-stdin']],
    ['a person without an email, and nobody to ask', ['user', 'create']],
    ['a person without a password, and nobody to ask', ['user', 'create', '--email', 'ada@example.com']],
    ['a client without a name, and nobody to ask', ['client', 'create', '--machine']],
    ['to end everything, without a yes and nobody to ask', ['recover']],
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

  test('a port of the environment that is none', async () => {
    const { code, stderr } = await consulate(emptyDirectory(), ['serve'], { env: { PORT: 'http' } })
    expect(code).toBe(2)
    expect(stderr).toContain("'PORT'")
  })
})

test('the script that checks the version holds nothing that an old Node cannot read', () => {
  const script = readFileSync('bin/consulate.js', 'utf8').replaceAll(/^(#!|\s*\/\/).*$/gm, '')
  expect(script).not.toMatch(/^\s*(import|export)\s[^(]|\?\?|\?\.|\bimport\.meta\b|^\s*await\b/m)
})
