import type { Random } from '../random.ts'
import type { Draft, Pairs } from '../request.ts'
import { TEXTS } from './texts.ts'
import { changeValue, flip, type Pool } from './values.ts'

type Change = (headers: Pairs, random: Random, pool: Pool) => Pairs

const CHANGES: readonly [Change, ...Change[]] = [
  (headers, random, pool) =>
    headers.map(([name, value]) =>
      random.chance(1 / headers.length) ? [name, changeValue(value, random, pool)] : [name, value],
    ),
  (headers, random) => headers.filter(() => random.chance(0.7)),
  (headers, random, pool) => setHeader(headers, 'authorization', authorization(random, pool)),
  (headers, random, pool) => changeHeader(headers, 'authorization', random, pool),
  (headers, random, pool) => changeHeader(headers, 'cookie', random, pool),
  (headers, random, pool) => changeHeader(headers, 'cookie', random, pool),
  (headers, random, pool) => setHeader(headers, 'cookie', cookies(random, pool)),
  (headers, random) => [...headers, ...headers.filter(() => random.chance(0.3))],
  (headers, random) => [...headers, [random.pick(NAMES), random.pick(TEXTS)]],
  (headers, random) => setHeader(headers, ...random.pick(SPECIAL_HEADERS)),
  (headers, random) => setHeader(headers, ...random.pick(SPECIAL_HEADERS)),
]

/** Changes the headers. Node itself rejects control characters, so they are removed. */
export function changeHeaders(draft: Draft, random: Random, pool: Pool): Draft {
  const headers = random.pick(CHANGES)(draft.headers, random, pool)
  return { ...draft, headers: headers.map(([name, value]) => [name, sendable(value)]) }
}

/** Encodes a text for a header: one character per UTF-8 byte, without control characters. */
export const sendable = (text: string): string =>
  Buffer.from(text)
    .toString('latin1')
    .replaceAll(/[^\t\x20-\x7e\x80-\xff]/g, '')
    .trim()

const setHeader = (headers: Pairs, name: string, value: string): Pairs => [
  ...headers.filter(([other]) => other !== name),
  [name, value],
]

const changeHeader = (headers: Pairs, name: string, random: Random, pool: Pool): Pairs =>
  headers.map(([other, value]) => [other, other === name ? changeValue(value, random, pool) : value])

/** Returns an Authorization header that resembles valid credentials. */
export function authorization(random: Random, { secrets }: Pool): string {
  const [one, two] = [random.pick(secrets), random.pick(secrets)]
  const text = random.pick([one, flip(one, random), random.pick(TEXTS)])
  return random.pick([
    `Bearer ${text}`,
    `bearer   ${text}`,
    `Bearer${text}`,
    `Bearer ${text} ${two}`,
    `Bearer ${text}, Bearer ${two}`,
    `DPoP ${text}`,
    text,
    `Basic ${text}`,
    `Basic ${Buffer.from(`${text}:${two}`).toString('base64')}`,
    `basic ${Buffer.from(`${two}:${text}:`).toString('base64url')}`,
    `Basic ${Buffer.from('%:%zz').toString('base64')}`,
    `Basic ${Buffer.from(text).toString('base64')}`,
    `Basic ${Buffer.from(`${encodeURIComponent(text.toWellFormed())}:%00`).toString('base64')}`,
    'Basic',
    'Bearer',
    'Digest username="fuzz"',
  ])
}

function cookies(random: Random, { secrets }: Pool): string {
  const names = [
    'consulate_session',
    'consulate_browser',
    '__Host-consulate_session',
    '$Version',
    '__proto__',
  ]
  const list = Array.from({ length: random.pick([1, 2, 3, 50]) }, () => {
    const value = random.pick([random.pick(secrets), flip(random.pick(secrets), random), random.pick(TEXTS)])
    return `${random.pick(names)}${random.pick(['=', '=', '==', ''])}${value}`
  })
  return list.join(random.pick(['; ', ';', ', ', ' ; \t']))
}

const NAMES: readonly [string, ...string[]] = [
  'accept',
  'accept-language',
  'cookie',
  'content-type',
  'host',
  'if-none-match',
  'origin',
  'range',
  'referer',
  'sec-fetch-site',
  'user-agent',
  'x-forwarded-for',
  'x-request-id',
]

/** Headers that this server reads, or that other servers act on. */
const SPECIAL_HEADERS: readonly [Pairs[number], ...Pairs] = [
  ['accept', 'application/json'],
  ['accept', 'application/json;q=0, text/html, */*'],
  ['accept', 'image/avif'],
  ['origin', 'null'],
  ['origin', 'https://spa.example'],
  ['origin', 'https://evil.example'],
  ['origin', `https://${'a'.repeat(5000)}.example`],
  ['sec-fetch-site', 'cross-site'],
  ['sec-fetch-site', 'same-origin'],
  ['host', 'evil.example'],
  ['x-forwarded-host', 'evil.example'],
  ['x-forwarded-for', '203.0.113.7'],
  ['x-forwarded-for', '203.0.113.7:8080, [2001:db8::1]:443, 10.1.2.3'],
  ['x-forwarded-for', 'unknown, _hidden, 999.1.1.1, ::ffff:1.2.3.4, fe80::1%eth0, 1'],
  ['x-forwarded-for', ','.repeat(2000)],
  ['x-forwarded-for', '10.0.0.1, '.repeat(500)],
  ['x-http-method-override', 'DELETE'],
  ['content-type', ''],
  ['content-type', 'application/json'],
  ['content-type', 'text/plain'],
  ['content-type', 'multipart/form-data'],
  ['content-type', 'application/x-www-form-urlencoded; charset=utf-7'],
  ['content-type', 'APPLICATION/X-WWW-FORM-URLENCODED'],
  ['content-type', ';'.repeat(3000)],
  ['content-encoding', 'gzip'],
  ['user-agent', '<script>alert(1)</script>'],
  ['user-agent', 'M'.repeat(10_000)],
  ['access-control-request-method', 'POST'],
  ['access-control-request-headers', '*'],
]
