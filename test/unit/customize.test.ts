import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { NO_CLIENT_FIELDS } from '../../src/clients/fields.ts'
import { createCustomize } from '../../src/issuance/customize.ts'

beforeEach(() => void vi.useFakeTimers())
afterEach(() => void vi.useRealTimers())

const TOKEN = {
  client: { id: 'personal-access' },
  user: undefined,
  authorizationId: undefined,
  scopes: [],
  resources: [],
  grantType: 'client_credentials',
}

const findUser = async () => undefined
const clientFields = NO_CLIENT_FIELDS

test.each(['tokenClaims', 'tokenResponse'] as const)('waits 5 seconds for %s', async (name) => {
  const functions = { tokenClaims: undefined, tokenResponse: undefined, [name]: () => new Promise(() => {}) }
  const customize = createCustomize({ ...functions, findUser, clientFields })
  const failure = customize(TOKEN)
    .then(({ fieldsFor }) => fieldsFor('id'))
    .catch((error: unknown) => error)
  await vi.advanceTimersByTimeAsync(5000)
  expect(await failure).toMatchObject({
    code: 'temporarily_unavailable',
    detail: `${name} did not return within 5 seconds`,
    headers: { 'Retry-After': '1' },
  })
  expect(vi.getTimerCount()).toBe(0)
})

test('refuses a user who was deleted in the meantime', async () => {
  const customize = createCustomize({
    tokenClaims: () => ({}),
    tokenResponse: undefined,
    findUser,
    clientFields,
  })
  const user = { provider: 'users', userId: '1' }
  await expect(customize({ ...TOKEN, user })).rejects.toMatchObject({ code: 'invalid_grant' })
})

const nested = (levels: number): object => (levels === 1 ? {} : { a: nested(levels - 1) })

test.each<[string, object, boolean]>([
  ['4096 bytes', { a: 'x'.repeat(4088) }, true],
  ['4097 bytes', { a: 'x'.repeat(4089) }, false],
  ['4096 bytes in fewer characters', { a: 'é'.repeat(2044) }, true],
  ['4098 bytes in fewer characters', { a: 'é'.repeat(2045) }, false],
  ['16 nested levels', nested(17), true],
  ['17 nested levels', nested(18), false],
  ['a member named prototype', { prototype: 1 }, false],
  ['an undefined member', { a: undefined }, true],
  ['infinity', { a: Infinity }, false],
  ['an object without a prototype', Object.assign(Object.create(null) as object, { a: 1 }), true],
])('claims with %s are added, or fail the request', async (_, claims, isAdded) => {
  const functions = { tokenClaims: () => claims, tokenResponse: undefined }
  const result = createCustomize({ ...functions, findUser, clientFields })(TOKEN)
  const added = await result.then(
    (customization) => customization.claims,
    (error: unknown) => error,
  )
  if (isAdded) expect(JSON.stringify(added)).toBe(JSON.stringify(claims))
  else expect(added).toMatchObject({ code: 'server_error' })
})
