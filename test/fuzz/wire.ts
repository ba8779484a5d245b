import { connect } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { corruptBytes } from './mutations/bytes.ts'
import type { Random } from './random.ts'

const FORM = 'Content-Type: application/x-www-form-urlencoded'

/** Returns a request as text, with a Content-Length or chunked if it has a body. */
export const writeRequest = (line: string, headers: readonly string[] = [], body?: string): string => {
  const isChunked = headers.some((header) => header.startsWith('Transfer-Encoding'))
  const bodyHeaders =
    body === undefined ? [] : [FORM, ...(isChunked ? [] : [`Content-Length: ${body.length}`])]
  return [
    `${line} HTTP/1.1`,
    'Host: x',
    ...headers,
    ...bodyHeaders,
    '',
    isChunked ? chunked(body) : body,
  ].join('\r\n')
}

const chunked = (text = ''): string => `${text.length.toString(16)}\r\n${text}\r\n0\r\n\r\n`

const LENGTHS = ['0', '1', '-1', '+5', '0x5', '5, 5', '4 4', '70000', '9'.repeat(30), ''] as const
const LINES = [
  'Content-Length: 5',
  'Transfer-Encoding: chunked',
  'Transfer-Encoding: gzip, chunked',
  'Transfer-Encoding: identity',
  'Connection: close, upgrade',
  'Upgrade: websocket',
  'Upgrade: h2c',
  'Expect: 100-continue',
  'Expect: x',
  'Host: y',
  'TE: trailers',
  'no colon',
  ': no name',
  ' folded',
  `X: ${'a'.repeat(20_000)}`,
  `${'X: y\r\n'.repeat(2_500)}X: z`,
] as const

type Change = (text: string, random: Random) => string

const CHANGES: readonly [Change, ...Change[]] = [
  (text, random) => changeBytes(text, random),
  (text, random) => changeBytes(text, random),
  (text, random) => changeBytes(changeBytes(changeBytes(text, random), random), random),
  (text, random) => text.replace(/(Content-Length: )\d+/, `$1${random.pick(LENGTHS)}`),
  (text, random) => text.replace(/\r\n/, `\r\n${random.pick(LINES)}\r\n`),
  (text, random) =>
    text.replace('HTTP/1.1', random.pick(['HTTP/1.0', 'HTTP/2.0', 'HTTP/9', 'HTTP/1.1 ', ''])),
  (text, random) =>
    text.replace(/^\w+/, random.pick(['CONNECT', 'TRACE', 'M-SEARCH', 'PRI', 'get', 'X', ''])),
  (text, random) =>
    text.replace(/ \S+/, random.pick([' *', ' http://evil.example/', ' x', ' /../', '  /', ' /\0'])),
  (text) => text.replaceAll('\r\n', '\n'),
  (text) => `\r\n\r\n${text}`,
  (text) => text.repeat(20),
  (text, random) => text.repeat(2).slice(random.below(text.length)),
]

const changeBytes: Change = (text, random) =>
  corruptBytes(Buffer.from(text, 'latin1'), random).toString('latin1')

/** Changes one or two things in the text of a request. */
export const corruptText: Change = (text, random) => {
  const once = random.pick(CHANGES)(text, random)
  return random.chance(0.3) ? random.pick(CHANGES)(once, random) : once
}

/** The response text. The server should close the connection, because the client has closed its side. */
export interface Reply {
  readonly text: string
  readonly isClosed: boolean
}

/** Sends a text in two pieces and reads until the end. Disconnects in the middle in one of 20 cases. */
export async function sendRaw(origin: string, text: string, random: Random): Promise<Reply> {
  const socket = connect(Number(new URL(origin).port), '127.0.0.1')
  const closed = new Promise<true>((resolve) => socket.on('close', () => resolve(true)))
  let response = ''
  socket.setEncoding('latin1').on('data', (chunk: string) => {
    response += chunk
  })
  // The server may disconnect in the middle of an invalid request.
  socket.on('error', () => {})
  const middle = random.below(text.length + 1)
  socket.write(text.slice(0, middle), 'latin1')
  if (random.chance(0.5)) await sleep(1)
  if (random.chance(0.05)) socket.destroy()
  else socket.end(text.slice(middle), 'latin1')
  const timer = new AbortController()
  const late = sleep(5_000, false, { signal: timer.signal }).catch(() => false)
  const isClosed = await Promise.race([closed, late])
  timer.abort()
  socket.destroy()
  return { text: response, isClosed }
}
