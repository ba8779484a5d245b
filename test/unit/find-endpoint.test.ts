import { expect, test } from 'vitest'
import type { Endpoint } from '../../src/endpoints/endpoint.ts'
import { findEndpoint } from '../../src/endpoints/find.ts'
import { idIn } from '../../src/endpoints/paths.ts'

const PATHS = ['/apps', '/apps/customers', '/apps/{id}', '/apps/{id}/secret', '/apps/customers/{id}']

const endpoints = new Map(
  PATHS.map((path): [string, Endpoint] => [
    path,
    { name: path, path, methods: {}, cors: 'none', errors: 'json' },
  ]),
)

test.each([
  ['/apps', '/apps'],
  ['/apps/7', '/apps/{id}'],
  ['/apps/customers', '/apps/customers'],
  ['/apps/customers/7', '/apps/customers/{id}'],
  ['/apps/7/secret', '/apps/{id}/secret'],
  ['/apps/secret/secret', '/apps/{id}/secret'],
  ['/apps/customers/secret', '/apps/customers/{id}'],
  ['/apps//secret', '/apps/{id}/secret'],
  ['/apps/7/secrets', undefined],
  ['/apps/7/8/secret', undefined],
  ['/apps/7/secret/', undefined],
  ['/secret', undefined],
  ['/', undefined],
  ['*', undefined],
  ['', undefined],
])('the path %j belongs to the endpoint %j', (path, expected) => {
  expect(findEndpoint(endpoints, path)?.path).toBe(expected)
})

test.each([
  ['/apps/{id}', '/apps/7', undefined, '7'],
  ['/apps/{id}/secret', '/apps/7/secret', undefined, '7'],
  ['/apps/{id}/secret', '/apps//secret', undefined, ''],
  ['/apps/{id}/secret', '/proxy/7', '/apps/7/secret', '7'],
  ['/apps/{id}/secret', '/apps/7', '/apps/7/secret', '7'],
])('the endpoint %s reads its ID from %s, or from %s', (path, sent, routedPath, id) => {
  const request = { path: sent, ...(routedPath !== undefined && { routedPath }) }
  expect(idIn({ path, request })).toBe(id)
})
