import { afterAll, describe, expect, test } from 'vitest'
import { consulate, emptyDirectory, installed, serve, type AtEnd, type Outcome } from './run.ts'
import { freePort } from '../support/free-port.ts'

/** Starts a server and returns it with its directory. */
async function startServer(atEnd?: AtEnd) {
  const cwd = await installed(atEnd)
  const PORT = await freePort()
  const serving = await serve(cwd, [], { CONSULATE_ISSUER: `http://127.0.0.1:${PORT}`, PORT }, atEnd)
  return { cwd, ...serving }
}

const { cwd, origin } = await startServer(afterAll)

/** Runs the command until the server has written the entry, within a second. */
async function explain(id: string, ...flags: string[]): Promise<Outcome> {
  const outcomes: Outcome[] = []
  await expect
    .poll(
      async () => {
        outcomes.push(await consulate(cwd, ['explain', id, ...flags]))
        return outcomes.at(-1)?.code
      },
      { timeout: 100_000 },
    )
    .toBe(0)
  return outcomes.at(-1) as Outcome
}

describe('consulate explain', () => {
  test('shows the reason for the id on the error page', async () => {
    const url = `${origin}/oauth/authorize?response_type=code&client_id=nobody`
    const response = await fetch(url, { headers: { accept: 'text/html' } })
    const page = await response.text()
    const [id = ''] = /[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}/.exec(page) ?? []
    expect(id).toBe(response.headers.get('x-request-id'))
    expect(page).not.toContain('no such client')
    const { stdout } = await explain(id)
    expect(stdout).toMatch(/^Request refused\n {2}Reason +no such client\n/)
    expect(stdout).toMatch(/Response +400 invalid_request/)
    expect(stdout).toMatch(/Path +\/oauth\/authorize/)
    const [entry] = JSON.parse((await explain(id, '--json')).stdout) as Record<string, unknown>[]
    expect(entry).toMatchObject({ requestId: id, event: 'request.refused', detail: 'no such client' })
    expect(new Date(String(entry?.['at'])).getTime()).toBeGreaterThan(Date.now() - 60_000)
  })

  test('works after the server has stopped, for its last request too', async () => {
    const server = await startServer()
    const { headers } = await fetch(`${server.origin}/oauth/token`, { method: 'POST' })
    expect((await server.stop()).code).toBe(0)
    const { code, stdout } = await consulate(server.cwd, ['explain', headers.get('x-request-id') ?? ''])
    expect([code, stdout.split('\n')[0]]).toEqual([0, 'Request refused'])
  })

  test('says how Basic credentials were read that may be form-encoded or not', async () => {
    const headers = { authorization: `Basic ${btoa('importer:50+off')}` }
    const body = new URLSearchParams({ grant_type: 'client_credentials' })
    const response = await fetch(`${origin}/oauth/token`, { method: 'POST', headers, body })
    expect(response.status).toBe(401)
    const { stdout } = await explain(response.headers.get('x-request-id') ?? '')
    expect(stdout.replaceAll(/\s+/g, ' ')).toContain(
      'are read as form-encoded (RFC 6749 section 2.3.1) and as sent',
    )
    expect(stdout).not.toContain('50+off')
  })

  test('says what an unknown id may mean, and ends with 1', async () => {
    for (const flags of [[], ['--json']]) {
      const { code, stdout, stderr } = await consulate(cwd, ['explain', 'nothing', ...flags])
      expect([code, stdout]).toEqual([1, ''])
      expect(stderr).toBe(
        'No refused request with the ID "nothing". Refusals are kept for 7 days and appear within a second. Is this the server\'s database?\n',
      )
    }
  })

  test('needs an id', async () => {
    expect((await consulate(emptyDirectory(), ['explain'])).code).toBe(2)
  })
})
