import { fork } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { afterAll, describe, expect, test } from 'vitest'
import { basic, formBody } from '../support/oauth-client.ts'
import { createRandom, seedOf } from './random.ts'
import type { ServerResult, ServerInfo } from './server-process.ts'
import { readSettings } from './settings.ts'
import { corruptText, sendRaw, writeRequest } from './wire.ts'

const { seed, count: perEndpoint } = readSettings(process.env)
const count = Math.min(perEndpoint, 20_000)

const child = fork(fileURLToPath(new URL('server-process.ts', import.meta.url)))
afterAll(() => child.kill())
const [{ origin, machine, web }] = (await once(child, 'message')) as [ServerInfo]

const form = formBody({ grant_type: 'client_credentials', scope: 'orders:read' }).toString()
const authorization = `Authorization: ${basic(machine.id, machine.secret)}`
const query = formBody({ response_type: 'code', client_id: web.id, redirect_uri: web.redirectUri })
const requests: readonly [string, ...string[]] = [
  writeRequest('POST /oauth/token', [authorization], form),
  writeRequest('POST /oauth/token', [authorization, 'Transfer-Encoding: chunked'], form),
  writeRequest('POST /oauth/token', [authorization, 'Expect: 100-continue'], form),
  writeRequest(`GET /oauth/authorize?${query.toString()}`),
  writeRequest('GET /login', ['Cookie: consulate_browser=x; consulate_session=y', 'Accept: text/html']),
  writeRequest('POST /login', ['Cookie: consulate_browser=x'], 'username=a&password=b&csrf=c'),
  writeRequest('POST /logout', [], ''),
  writeRequest('GET /oauth/revocations?after=0', [authorization]),
  writeRequest('GET /me', ['Authorization: Bearer a.b.c']),
  writeRequest('GET /.well-known/jwks.json', ['Connection: keep-alive']),
]

const statusesIn = (text: string): readonly number[] =>
  [...text.matchAll(/^HTTP\/1\.1 (\d{3}) /gm)].map(([, status]) => Number(status))

describe(
  `${count} malformed requests on raw connections (FUZZ_SEED=${seed})`,
  { timeout: 300_000 + count * 50 },
  () => {
    test('never cause a 5xx, a hang or a crash', async () => {
      const statuses = new Set<number>()
      for (let index = 0; index < count; index += 1) {
        const random = createRandom(seedOf(`${seed}:wire:${index}`))
        const sent = corruptText(random.pick(requests), random)
        const reply = await sendRaw(origin, sent, random)
        const isValid = reply.isClosed && statusesIn(reply.text).every((status) => status < 500)
        expect(isValid, `${index}: ${JSON.stringify(sent)} causes ${JSON.stringify(reply)}`).toBe(true)
        for (const status of statusesIn(reply.text)) statuses.add(status)
      }
      expect([...statuses]).toEqual(expect.arrayContaining([200, 303, 400, 401, 404]))
      child.send('stop')
      const [{ failures }] = (await once(child, 'message')) as [ServerResult]
      expect(failures).toEqual([])
    })
  },
)
