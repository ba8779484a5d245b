import { expect, test } from 'vitest'
import { canFollowRevocations, canIntrospect, canUseGrant, type Client } from '../../src/model/client.ts'
import { sampleClient } from '../../src/testing/store/samples.ts'

const FLAGS = {
  type: 'confidential',
  isThirdParty: false,
  introspects: true,
  followsRevocations: true,
} as const
const GRANTS = { grantTypes: ['client_credentials', 'password', 'authorization_code'] } as const

/** Registration refuses most of these, but rows can come from elsewhere. */
const CLIENTS: readonly (readonly [string, Partial<Client>, boolean])[] = [
  ['a confidential first-party client', {}, true],
  ['a public client', { type: 'public', secrets: [] }, false],
  ['a third-party client', { isThirdParty: true }, false],
  ['a client with an owner', { ownerId: 'alice' }, false],
]

test.each(CLIENTS)('whether %s introspects tokens and follows revocations', (_, changes, expected) => {
  const client = sampleClient({ ...FLAGS, ...changes })
  expect([canIntrospect(client), canFollowRevocations(client)]).toEqual([expected, expected])
})

test('no client introspects tokens or follows revocations by default', () => {
  const client = sampleClient()
  expect([canIntrospect(client), canFollowRevocations(client)]).toEqual([false, false])
})

test.each([
  ['a first-party client', {}, [true, true, true, false]],
  ['a third-party client', { isThirdParty: true }, [false, false, true, false]],
  ['a client with an owner', { ownerId: 'alice' }, [false, false, true, false]],
])(
  '%s uses the grants that it lists, but third parties no credentials or passwords',
  (_, changes, expected) => {
    const client = sampleClient({ ...GRANTS, ...changes })
    const grants = ['client_credentials', 'password', 'authorization_code', 'refresh_token']
    expect(grants.map((grant) => canUseGrant(client, grant))).toEqual(expected)
  },
)
