import { readdirSync } from 'node:fs'
import { expect, test } from 'vitest'
import { consulate, emptyDirectory, installed, serve } from './run.ts'

const env = { CONSULATE_ISSUER: 'https://example.com/id' }

interface Route {
  readonly name: string
  readonly path: string
  readonly methods: readonly string[]
  readonly cors: string
}

test('consulate routes lists every path, and consulate serve handles each', async () => {
  const cwd = await installed()
  const { stdout } = await consulate(cwd, ['routes', '--json'], { env })
  const routes = JSON.parse(stdout) as readonly Route[]
  expect(routes).toEqual(
    expect.arrayContaining([
      { name: 'token', path: '/id/oauth/token', methods: ['POST'], cors: 'clients' },
      { name: 'ready', path: '/id/oauth/health/ready', methods: ['GET'], cors: 'none' },
      { name: 'jwks', path: '/id/.well-known/jwks.json', methods: ['GET'], cors: 'any' },
    ]),
  )
  const server = await serve(cwd, [], env)
  for (const { path, methods } of routes) {
    const answer = await fetch(server.origin + path, { method: 'OPTIONS' })
    expect([path, answer.status]).toEqual([path, 204])
    expect(answer.headers.get('allow')?.split(', ')).toEqual(expect.arrayContaining([...methods]))
  }
  expect(await fetch(`${server.origin}/id/oauth/health/ready`)).toMatchObject({ status: 200 })
  expect(await server.stop()).toMatchObject({ code: 0, stderr: '' })
})

test('consulate routes prints a table, and creates nothing', async () => {
  const cwd = emptyDirectory()
  const { code, stdout } = await consulate(cwd, ['routes'], { env })
  expect(code).toBe(0)
  expect(stdout).toMatch(/^ +Name +Methods +Path +CORS$/m)
  expect(stdout).toMatch(/^ +authorize +GET,.* +\/id\/oauth\/authorize +none$/m)
  expect(readdirSync(cwd)).toEqual([])
})

test('consulate routes exits with 1 without an issuer, and says where to set it', async () => {
  const { code, stderr } = await consulate(emptyDirectory(), ['routes', '--json'])
  expect(code).toBe(1)
  expect(stderr).toContain('CONSULATE_ISSUER is not set')
})
