import { DatabaseSync } from 'node:sqlite'
import { afterAll, describe, expect, test } from 'vitest'
import { openBrowser } from '../support/browser.ts'
import { callApi, getCodeFlowTokens, refresh } from '../support/oauth-client.ts'
import type { JsonResponse, CodeFlow } from '../support/oauth-client.ts'
import { startServer } from '../support/server.ts'

const server = await startServer()
const user = await server.addUser()
const client = await server.addClient({ type: 'public' })
const flow: CodeFlow = { server, browser: openBrowser(server), client, user }
afterAll(server.close)

const tokenIn = ({ body }: JsonResponse): string => String(body['refresh_token'])
const accessIn = ({ body }: JsonResponse): string => String(body['access_token'])

/** Refreshes `count` times. Returns every refresh token, oldest first. */
async function rotate(theirs: CodeFlow, count: number): Promise<string[]> {
  const tokens = [(await getCodeFlowTokens(theirs)).refresh_token]
  for (let turn = 0; turn < count; turn += 1) tokens.push(tokenIn(await refresh(theirs, tokens.at(-1) ?? '')))
  return tokens
}

describe('within the grace window', () => {
  test('an old refresh token gets the current one again, with a new access token', async () => {
    const [old = '', current = ''] = await rotate(flow, 1)
    server.clock.advance('59s')
    const repeated = await refresh(flow, old)
    expect(repeated.status).toBe(200)
    expect(tokenIn(repeated)).toBe(current)
    expect((await callApi(server, '/me', accessIn(repeated))).status).toBe(200)
    expect((await refresh(flow, current)).status).toBe(200)
  })

  test('the first token still gets the current one after three rotations', async () => {
    const tokens = await rotate(flow, 3)
    for (const old of tokens.slice(0, 3)) expect(tokenIn(await refresh(flow, old))).toBe(tokens[3])
  })

  test('a token from more than five rotations ago is a replay', async () => {
    const tokens = await rotate(flow, 6)
    expect((await refresh(flow, tokens[0] ?? '')).body['error']).toBe('invalid_grant')
    expect((await refresh(flow, tokens[6] ?? '')).body['error']).toBe('invalid_grant')
  })
})

describe('after the grace window', () => {
  test('an old refresh token is a replay that revokes its authorization, but no other one', async () => {
    const tablet = await getCodeFlowTokens(flow)
    const tokens = await getCodeFlowTokens(flow)
    const next = await refresh(flow, tokens.refresh_token)
    server.clock.advance('60s')
    const replayed = await refresh(flow, tokens.refresh_token)
    expect([replayed.status, replayed.body['error']]).toEqual([400, 'invalid_grant'])
    for (const token of [tokens.access_token, accessIn(next)])
      expect((await callApi(server, '/me', token)).body['error_description']).toBe('Token revoked')
    expect((await refresh(flow, tokenIn(next))).body['error']).toBe('invalid_grant')
    expect((await callApi(server, '/me', tablet.access_token)).status).toBe(200)
    expect((await refresh(flow, tablet.refresh_token)).status).toBe(200)
  })

  test('a repeat does not extend the window', async () => {
    const [old = ''] = await rotate(flow, 1)
    server.clock.advance('50s')
    expect((await refresh(flow, old)).status).toBe(200)
    server.clock.advance('11s')
    expect((await refresh(flow, old)).body['error']).toBe('invalid_grant')
  })

  test('logs the generation of the replayed token, and not the token', async () => {
    const [old = ''] = await rotate(flow, 1)
    server.clock.advance('61s')
    const { headers } = await refresh(flow, old)
    const line = server.logs.find((text) => text.includes(headers.get('x-request-id') ?? '?'))
    expect(line).toMatch(/generation 0 of authorization [\w-]+ was replayed/)
    expect(line).not.toContain(old)
  })
})

describe('the grace window of a client', () => {
  test('of 0 makes every repeat a replay', async () => {
    const strict = await server.addClient({ type: 'public', graceWindow: 0 })
    const theirs = { ...flow, client: strict }
    const [old = '', current = ''] = await rotate(theirs, 1)
    expect((await refresh(theirs, old)).body['error']).toBe('invalid_grant')
    expect((await refresh(theirs, current)).body['error']).toBe('invalid_grant')
  })

  test('overrides that of the server', async () => {
    const patient = await server.addClient({ type: 'public', graceWindow: '10m' })
    const theirs = { ...flow, client: patient }
    const [old = '', current = ''] = await rotate(theirs, 1)
    server.clock.advance('9m')
    expect(tokenIn(await refresh(theirs, old))).toBe(current)
  })
})

test('after a restored backup, a token that is ahead of its row works and emits refresh.ahead', async () => {
  const [, second = ''] = await rotate(flow, 1)
  const backup = `${server.file}.backup`
  const database = new DatabaseSync(server.file, { readOnly: true })
  database.exec(`vacuum into '${backup}'`)
  database.close()
  const third = tokenIn(await refresh(flow, second))
  await using restored = await startServer({ issuer: server.issuer, file: backup })
  const afterwards = { ...flow, server: { ...restored, endpoint: restored.endpoint } }
  const ahead = await refresh(afterwards, third)
  expect(ahead.status).toBe(200)
  expect(restored.events).toContainEqual({
    name: 'refresh.ahead',
    payload: expect.objectContaining({ from: 1, to: 3 }) as unknown,
  })
  expect((await refresh(afterwards, tokenIn(ahead))).status).toBe(200)
})
