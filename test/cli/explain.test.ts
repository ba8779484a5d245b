import { describe, expect, test } from 'vitest'
import { consulate, emptyDirectory, freePort, installed, serve } from './run.ts'
import type { Outcome } from './run.ts'

/** A server of the command line, and the directory that its other commands run in. */
async function startServer() {
  const cwd = await installed()
  const port = String(await freePort())
  const serving = await serve(cwd, [], { CONSULATE_ISSUER: `http://127.0.0.1:${port}`, PORT: port })
  return { cwd, ...serving }
}

/** Asks until the entry has been written: a second at the most, and another process to start. */
async function explain(cwd: string, id: string, ...flags: string[]): Promise<Outcome> {
  const outcomes: Outcome[] = []
  await expect
    .poll(
      async () => {
        outcomes.push(await consulate(cwd, ['explain', id, ...flags]))
        return outcomes.at(-1)?.code
      },
      { timeout: 10_000 },
    )
    .toBe(0)
  return outcomes.at(-1) as Outcome
}

describe('consulate explain', () => {
  test('says why, by the id that the error page shows', async () => {
    const { cwd, origin, stop } = await startServer()
    const url = `${origin}/oauth/authorize?response_type=code&client_id=nobody`
    const response = await fetch(url, { headers: { accept: 'text/html' } })
    const page = await response.text()
    const [id = ''] = /[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}/.exec(page) ?? []
    expect(id).toBe(response.headers.get('x-request-id'))
    expect(page).not.toContain('no such client')
    const { stdout } = await explain(cwd, id)
    expect(stdout).toMatch(/^The request was refused\n {2}why +no such client\n/)
    expect(stdout).toMatch(/answer +400 invalid_request/)
    expect(stdout).toMatch(/path +\/oauth\/authorize/)
    const [entry] = JSON.parse((await explain(cwd, id, '--json')).stdout) as Record<string, unknown>[]
    expect(entry).toMatchObject({ requestId: id, event: 'request.refused', detail: 'no such client' })
    expect(new Date(String(entry?.['at'])).getTime()).toBeGreaterThan(Date.now() - 60_000)
    await stop()
  })

  test('still knows after the server has ended, to its last request', async () => {
    const { cwd, origin, stop } = await startServer()
    const { headers } = await fetch(`${origin}/oauth/token`, { method: 'POST' })
    expect((await stop()).code).toBe(0)
    const { code, stdout } = await consulate(cwd, ['explain', headers.get('x-request-id') ?? ''])
    expect([code, stdout.split('\n')[0]]).toEqual([0, 'The request was refused'])
  })

  test('of a request that it does not know, says what that may mean, and ends with 1', async () => {
    const cwd = await installed()
    for (const flags of [[], ['--json']]) {
      const { code, stdout, stderr } = await consulate(cwd, ['explain', 'nothing', ...flags])
      expect([code, stdout]).toEqual([1, ''])
      expect(stderr).toContain('nothing is known of request nothing')
      expect(stderr).toContain('more than 7 days ago')
    }
  })

  test('needs an id', async () => {
    expect((await consulate(emptyDirectory(), ['explain'])).code).toBe(2)
  })
})
