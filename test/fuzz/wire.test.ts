import { fork } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { afterAll, describe, expect, test } from 'vitest'
import { basic, formBody } from '../support/oauth-client.ts'
import { createRandom, seedOf } from './random.ts'
import type { Ended, Served } from './serve.ts'
import { readSettings } from './settings.ts'
import { spoilText, talk, write } from './wire.ts'

const { seed, count: full } = readSettings(process.env)
const count = Math.min(full, 20_000)

const child = fork(fileURLToPath(new URL('serve.ts', import.meta.url)))
afterAll(() => child.kill())
const [{ origin, machine, web }] = (await once(child, 'message')) as [Served]

const form = formBody({ grant_type: 'client_credentials', scope: 'orders:read' }).toString()
const authorization = `Authorization: ${basic(machine.id, machine.secret)}`
const query = formBody({ response_type: 'code', client_id: web.id, redirect_uri: web.redirectUri })
const requests: readonly [string, ...string[]] = [
  write('POST /oauth/token', [authorization], form),
  write('POST /oauth/token', [authorization, 'Transfer-Encoding: chunked'], form),
  write('POST /oauth/token', [authorization, 'Expect: 100-continue'], form),
  write(`GET /oauth/authorize?${query.toString()}`),
  write('GET /login', ['Cookie: consulate_browser=x; consulate_session=y', 'Accept: text/html']),
  write('POST /login', ['Cookie: consulate_browser=x'], 'username=a&password=b&csrf=c'),
  write('POST /logout', [], ''),
  write('GET /oauth/revocations?after=0', [authorization]),
  write('GET /me', ['Authorization: Bearer a.b.c']),
  write('GET /.well-known/jwks.json', ['Connection: keep-alive']),
]

const statusesIn = (text: string): readonly number[] =>
  [...text.matchAll(/^HTTP\/1\.1 (\d{3}) /gm)].map(([, status]) => Number(status))

describe(`${count} texts that are hardly HTTP, FUZZ_SEED=${seed},`, { timeout: 60_000 + count * 50 }, () => {
  test('bring no error of ours, no hang and no end of the process', async () => {
    const statuses = new Set<number>()
    for (let index = 0; index < count; index += 1) {
      const random = createRandom(seedOf(`${seed}:wire:${index}`))
      const sent = spoilText(random.pick(requests), random)
      const reply = await talk(origin, sent, random)
      const isServed = reply.isOver && statusesIn(reply.text).every((status) => status < 500)
      expect(isServed, `${index}: ${JSON.stringify(sent)} brings ${JSON.stringify(reply)}`).toBe(true)
      for (const status of statusesIn(reply.text)) statuses.add(status)
    }
    expect([...statuses]).toEqual(expect.arrayContaining([200, 303, 400, 401, 404]))
    child.send('end')
    const [{ failures }] = (await once(child, 'message')) as [Ended]
    expect(failures).toEqual([])
  })
})
