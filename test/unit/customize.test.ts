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
