import { describe, expect, test } from 'vitest'
import { EVENT_NAMES } from '../../src/event-map.ts'
import { resolveWebhookRetention, resolveWebhooks, type WebhooksConfig } from '../../src/config/webhooks.ts'
import { createValidator } from '../../src/lib/validator.ts'
import { configProblems } from '../support/config.ts'

const SECRET = `whsec_${'a'.repeat(32)}`
const CRM = { id: 'crm', url: 'https://crm.example/hooks', secret: SECRET }

const problemsWith = (changes: object): readonly string[] =>
  configProblems({ webhooks: { endpoints: [{ ...CRM, ...changes }] } })

const urlOf = (length: number): string => 'https://crm.example/'.padEnd(length, 'a')

const secretOf = (bytes: number): string => `whsec_${Buffer.alloc(bytes, 1).toString('base64')}`

describe('webhook endpoints', () => {
  const invalid: readonly (readonly [string, object, string])[] = [
    [
      'http',
      { url: 'http://crm.example/' },
      'url: must use https (http is allowed for loopback addresses only)',
    ],
    [
      'a host that starts like a loopback address',
      { url: 'http://127.0.0.1.example/' },
      'url: must use https',
    ],
    ['another scheme', { url: 'file:///etc/passwd' }, 'url: must use https'],
    ['no URL', { url: undefined }, 'url: must be an absolute URL'],
    [
      'a password in the URL',
      { url: 'https://user:secret@crm.example/' },
      'url: must not contain a user name or password',
    ],
    [
      'a user name in the URL',
      { url: 'https://user@crm.example/' },
      'url: must not contain a user name or password',
    ],
    [
      'a password without a user name in the URL',
      { url: 'https://:secret@crm.example/' },
      'url: must not contain a user name or password',
    ],
    ['a fragment', { url: 'https://crm.example/#a' }, 'url: must not have a fragment'],
    ['a long URL', { url: urlOf(2049) }, 'url: must be an absolute URL of at most 2048 characters'],
    ['an ID with a space', { id: 'a b' }, 'id: must have 1 to 64 letters, digits, - and _'],
    ['an empty ID', { id: '' }, 'id: must have 1 to 64 letters, digits, - and _'],
    ['a long ID', { id: 'a'.repeat(65) }, 'id: must have 1 to 64 letters, digits, - and _'],
    ['no secret', { secret: undefined }, 'secret: is missing'],
    ['an empty list of secrets', { secret: undefined, secrets: [] }, 'secret: is missing'],
    [
      'a secret without prefix',
      { secret: 'a'.repeat(32) },
      'secret: must be whsec_ followed by 24 to 64 bytes in Base64',
    ],
    ['a short secret', { secret: secretOf(23) }, 'secret: must be whsec_'],
    ['a long secret', { secret: secretOf(65) }, 'secret: must be whsec_'],
    [
      'a secret in Base64 with stray bits at its end',
      { secret: `whsec_${'A'.repeat(33)}B` },
      'secret: must be whsec_',
    ],
    ['a secret that is not Base64', { secret: `whsec_${'é'.repeat(32)}` }, 'secret: must be whsec_'],
    [
      'one invalid secret of several',
      { secret: undefined, secrets: [SECRET, 'whsec_'] },
      'secrets[1]: must be whsec_',
    ],
    ['both secret and secrets', { secrets: [SECRET] }, 'secret: must be omitted if there are secrets'],
    [
      'a misspelled event',
      { events: ['session.start'] },
      'events[0]: is not an event. Use one of: token.issued',
    ],
    ['no events', { events: [] }, "events: must be 'all' or a non-empty array of event names"],
    ['a misspelled option', { event: ['session.started'] }, 'event: unknown option. Did you mean events?'],
  ]
  test.each(invalid)('are rejected: %s', (_, changes, problem) => {
    const problems = problemsWith(changes)
    expect(problems).toHaveLength(1)
    expect(problems[0]).toMatch(`webhooks.endpoints[0].${problem}`)
    expect(problems[0]).not.toContain('aaaa')
  })

  test('are rejected if two have the same ID, and if they are not in an array', () => {
    expect(configProblems({ webhooks: { endpoints: [CRM, CRM] } })).toEqual([
      'webhooks.endpoints[1].id: is used by another endpoint',
    ])
    expect(configProblems({ webhooks: {} })).toEqual(['webhooks.endpoints: must be an array'])
    expect(configProblems({ webhooks: { endpoints: [null] } })[0]).toMatch(
      'webhooks.endpoints[0]: must be an object',
    )
  })

  test.each([
    'http://localhost:4000/hooks',
    'http://127.0.0.1/',
    'http://[::1]:8080/',
    'https://10.0.0.1/?a=b',
  ])('can have the URL %s', (url) => expect(problemsWith({ url })).toEqual([]))

  test('can have secrets of 24 to 64 bytes, with and without padding', () => {
    for (const secret of [secretOf(24), secretOf(64), secretOf(25), secretOf(25).replaceAll('=', '')])
      expect(problemsWith({ secret })).toEqual([])
  })

  test('can have an ID of 64 and a URL of 2048 characters', () =>
    expect(problemsWith({ id: 'a'.repeat(64), url: urlOf(2048) })).toEqual([]))

  const eventsOf = (events?: WebhooksConfig['endpoints'][number]['events']) => {
    const endpoints = [{ ...CRM, ...(events && { events }) }]
    return [...(resolveWebhooks({ endpoints }, createValidator())?.endpoints[0]?.events ?? [])]
  }

  test('receive every event that is neither frequent nor caused by strangers, unless they name theirs', () => {
    const optIn = [
      'token.issued',
      'token.refreshed',
      'sign-in.failed',
      'sign-in.throttled',
      'keys.changed',
      'purge.completed',
      'request.refused',
    ]
    expect(EVENT_NAMES.filter((name) => !eventsOf().includes(name))).toEqual(optIn)
    expect(eventsOf('all')).toEqual(EVENT_NAMES)
    expect(eventsOf(['token.issued'])).toEqual(['token.issued'])
  })
})

describe('the option webhooks', () => {
  test.each([
    [{ timeout: '61s' }, 'timeout: must be at most 60 seconds'],
    [{ pollInterval: '61m' }, 'pollInterval: must be at most an hour'],
    [{ keep: 'x' }, 'keep: must be'],
    [{ keepFailed: 'x' }, 'keepFailed: must be'],
    [{ keepFor: '1d' }, 'keepFor: unknown option'],
  ])('rejects %j', (options, problem) => {
    expect(configProblems({ webhooks: { endpoints: [CRM], ...options } })).toEqual([
      expect.stringContaining(`webhooks.${problem}`),
    ])
  })

  test('accepts a timeout of a minute and a poll interval of an hour', () => {
    const webhooks = { endpoints: [CRM], timeout: '60s', pollInterval: '1h' }
    expect(configProblems({ webhooks })).toEqual([])
  })

  test('has the documented defaults', () => {
    const validator = createValidator()
    expect(resolveWebhooks({ endpoints: [CRM] }, validator)).toMatchObject({
      timeout: 15_000,
      pollInterval: 1_000,
    })
    const day = 86_400_000
    expect(resolveWebhookRetention({}, validator)).toEqual({ delivered: 3 * day, failed: 30 * day })
  })

  test('turns webhooks off if it has no endpoints', () => {
    expect(resolveWebhooks({ endpoints: [] }, createValidator())).toBeUndefined()
  })
})
