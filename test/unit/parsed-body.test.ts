import { parse } from 'node:querystring'
import { expect, test } from 'vitest'
import { parseForm } from '../../src/lib/form.ts'
import { readParsedBody } from '../../src/lib/parsed-body.ts'

const FORM = 'application/x-www-form-urlencoded'
const JSON_TYPE = 'Application/JSON; charset=utf-8'

const read = (body: unknown, type: string, length?: number): Promise<string | undefined> =>
  readParsedBody(body, (name) => (name === 'content-type' ? type : length?.toString()), 100)

/** Returns the pairs of a form, or why it is rejected. */
function pairsOf(text: string): unknown {
  const form = parseForm(text)
  return typeof form === 'string' ? form : [...form.entries()]
}

test.each([
  'grant_type=refresh_token&refresh_token=a.b-c_d~e',
  'a=&b=%20+%2B%26%3D&c=%C3%A9',
  'resource=https%3A%2F%2Fa&resource=https%3A%2F%2Fb',
  'client_id=a&client_id=b',
  'a=%00',
  'a=%FF',
  '__proto__=x&constructor=y&toString=z',
  '',
])('a parsed form has the parameters and the problems of the text: %s', async (text) => {
  expect(pairsOf((await read(parse(text), FORM)) ?? '')).toEqual(pairsOf(text))
})

test.each([
  [{ a: { b: ['1', '2'], c: { d: true } }, n: 7, none: null }, 'a[b]=1&a[b]=2&a[c][d]=true&n=7&none='],
  [{ resource: { 0: 'a', 1: 'b' } }, 'resource=a&resource=b'],
  [{ a: { b: { c: { d: { e: { f: { g: 'deep' } } } } } }, z: '1' }, 'z=1'],
  [new URLSearchParams('a=1&a=2'), 'a=1&a=2'],
  [Buffer.from('a=%zz'), 'a=%zz'],
  ['a=1&a=2', 'a=1&a=2'],
])('other values become a form: %o', async (body, text) => {
  expect(decodeURIComponent(((await read(body, FORM)) ?? '').replace('%zz', '%25zz'))).toBe(text)
})

test.each([
  [{ username: 'ada', remember: true }, '{"username":"ada","remember":true}'],
  [null, 'null'],
  [{}, '{}'],
  [['a'], '["a"]'],
])('a parsed JSON value becomes JSON: %o', async (body, text) => {
  expect(await read(body, JSON_TYPE, 2)).toBe(text)
})

test.each([
  [undefined, FORM, 9],
  [null, FORM, 9],
  [true, JSON_TYPE, 4],
  [{ amount: 1n }, JSON_TYPE, 9],
])('what cannot be the body that was sent is an error of the server: %o', async (body, type, length) => {
  await expect(read(body, type, length)).rejects.toMatchObject({ code: 'server_error' })
})

test.each([
  [{}, FORM],
  [{}, JSON_TYPE],
])('an empty object in place of a longer body is an error of the request: %o, %s', async (body, type) => {
  await expect(read(body, type, 9)).rejects.toMatchObject({ code: 'invalid_request' })
})

test('a body that is longer than the limit in bytes is refused', async () => {
  expect(await read('é'.repeat(51), FORM)).toBeUndefined()
  expect(await read('é'.repeat(50), FORM)).toHaveLength(50)
})
