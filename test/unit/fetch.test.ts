import { expect, test } from 'vitest'
import { toResponse } from '../../src/lib/fetch.ts'
import { json } from '../../src/lib/http.ts'

test('a response has exactly one content type', () => {
  const headers = { 'Content-Type': 'text/html; charset=utf-8' }
  expect(toResponse({ status: 200, headers, body: '<p>' }).headers.get('content-type')).toBe(
    'text/html; charset=utf-8',
  )
  expect(toResponse(json(400, {})).headers.get('content-type')).toBe('application/json')
})

test('a response has one Set-Cookie header per cookie', () => {
  const headers = { 'Set-Cookie': ['a=1; Path=/', 'b=2; Path=/'] }
  const response = toResponse({ status: 303, headers, body: '' })
  expect(response.headers.getSetCookie()).toEqual(['a=1; Path=/', 'b=2; Path=/'])
})

test('a response without a body has no content type', async () => {
  const response = toResponse({ status: 204, headers: { Allow: 'GET' }, body: '' })
  expect(response.headers.get('content-type')).toBeNull()
  expect(await response.text()).toBe('')
})
