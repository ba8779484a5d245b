import { expect, test } from 'vitest'
import { sampleClient } from '../../src/testing/store/samples.ts'
import { secretVersionOf, versionOf } from '../../src/user-apps/user-apps.ts'

const app = sampleClient()

test.each([
  { name: 'Renamed' },
  { redirectUris: ['https://other.example/callback'] },
  { grantTypes: ['authorization_code'] },
  { scopes: [] },
  { logo: 'data:image/png;base64,iVBORw0KGgo=' },
  { homepage: 'https://app.example' },
  { privacy: 'https://app.example/privacy' },
  { terms: 'https://app.example/terms' },
])('the version of an app, which its form sends back, changes with %j', (changes) => {
  expect(versionOf({ ...app, ...changes })).not.toBe(versionOf(app))
  expect(versionOf({ ...app })).toBe(versionOf(app))
})

test('the version of its secret changes with each new one', () => {
  const first = { ...app, secrets: [{ hash: 'first', expiresAt: null }] }
  const second = { ...app, secrets: [{ hash: 'second', expiresAt: null }, ...first.secrets] }
  expect(new Set([app, first, second].map(secretVersionOf)).size).toBe(3)
})
