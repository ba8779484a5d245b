import { describe, expect, test } from 'vitest'
import { configProblems, REQUIRED } from '../support/config.ts'
import { resolveSettings } from '../../src/config/settings.ts'

const SHOP = { id: 'shop', name: 'Shop', redirectUris: ['https://shop.example/callback'] }
const SECRET = 'a9f2c4e8b7d1a6035f2c4e8b7d1a6035'
const WEAK =
  'clients[0].secret: must have at least 32 random characters, such as the output of `openssl rand -hex 32`'

describe('a declared client is a problem of the configuration', () => {
  test.each<[string, object, string]>([
    ['without an id', { id: undefined }, 'clients[0].id: is missing'],
    ['without a name', { name: undefined }, 'clients[0].name: must be a string'],
    [
      'with an invalid id',
      { id: '7' },
      'clients[0].id: must be visible ASCII, not only digits, and not personal-access or sign-in',
    ],
    [
      'with a misspelled option',
      { redirectUri: [] },
      'clients[0].redirectUri: unknown option. Did you mean redirectUris?',
    ],
    [
      'with an owner',
      { ownerId: '7' },
      expect.stringContaining('clients[0].ownerId: unknown option') as string,
    ],
    [
      'with an invalid redirect URI',
      { redirectUris: ['https://shop.example/', 'http://shop.example/'] },
      'clients[0].redirectUris[1]: must use https (http is allowed for localhost only)',
    ],
    [
      'with an undefined scope',
      { scopes: ['*', 'orders'] },
      'clients[0].scopes[1]: is not defined in scopes',
    ],
    ['with an unknown provider', { provider: 'staff' }, 'clients[0].provider: must be one of users'],
    [
      'that is third-party and skips consent',
      { isThirdParty: true, skipsConsent: true },
      'clients[0].skipsConsent: is for first-party clients only',
    ],
    [
      'whose secret is missing from the environment',
      { secret: undefined },
      'clients[0].secret: must be a string. Is its environment variable set?',
    ],
    ['with an empty secret', { secret: '' }, WEAK],
    ['with a short secret', { secret: SECRET.slice(1) }, WEAK],
    ['with a repeated character as its secret', { secret: 'x'.repeat(64) }, WEAK],
    ['with a repeated word as its secret', { secret: 'secret'.repeat(10) }, WEAK],
    ['with repeated words as its secret', { secret: 'change-this-1-'.repeat(3) }, WEAK],
    ['with a line break in its secret', { secret: `${SECRET}\n` }, WEAK],
    ['with letters that clients cannot send as its secret', { secret: `${SECRET}é` }, WEAK],
    [
      'that is public and has a secret',
      { type: 'public', secret: SECRET },
      'clients[0].secret: a public client has no secret',
    ],
  ])('%s', (_what, changes, problem) => {
    expect(configProblems({ clients: [{ ...SHOP, ...changes }] })).toEqual([problem])
  })

  test('that is third-party and lists a first-party-only scope', () => {
    const scopes = { profile: 'See your name', admin: { description: 'Administer', firstPartyOnly: true } }
    const problemsFor = (isThirdParty: boolean) =>
      configProblems({ scopes, clients: [{ ...SHOP, isThirdParty, scopes: ['profile', 'admin', '*'] }] })
    expect(problemsFor(true)).toEqual(['clients[0].scopes[1]: is for first-party clients only'])
    expect(problemsFor(false)).toEqual([])
  })

  test.each([
    ['an object in place of a list', { shop: SHOP }, ['clients: must be an array']],
    ['the same id twice', [SHOP, SHOP], ['clients[1].id: is declared twice']],
    [
      'problems in several clients',
      [
        { ...SHOP, name: '' },
        { ...SHOP, id: 'second', scopes: ['orders'] },
      ],
      ['clients[0].name: must be 1 to 255 characters', 'clients[1].scopes[0]: is not defined in scopes'],
    ],
  ])('with %s', (_what, clients, problems) => {
    expect(configProblems({ clients })).toEqual(problems)
  })

  test.each([[null], ['shop'], [[SHOP]]])('that is %j', (client) => {
    expect(configProblems({ clients: [client] })).toEqual([
      expect.stringContaining('clients[0]: must be an object with these options: name, type'),
    ])
  })
})

test('the settings hold the hash of a declared secret, not the secret', () => {
  const settings = resolveSettings({ ...REQUIRED, clients: [{ ...SHOP, secret: SECRET }] })
  expect(settings.clients[0]?.client.secrets).toEqual([
    { hash: expect.any(String) as string, expiresAt: null },
  ])
  expect(JSON.stringify(settings.clients)).not.toContain(SECRET)
})
