import { mkdtemp, readFile, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { freePort } from '../support/free-port.ts'
import { startWebApp } from '../support/web-app.ts'
import { run, settingsIn } from './program.ts'

test('axios-client: signs in once, and refreshes once for parallel calls', async () => {
  const app = await startWebApp()
  const { email, password } = await app.server.addUser()
  const FOLDER = await mkdtemp(join(tmpdir(), 'consulate-axios-'))
  const settings = { ISSUER: app.network.origin, API: app.origin, USERNAME: email, FOLDER }
  const first = await run('axios-client.ts', { ...settings, PASSWORD: password }).ended()
  expect(first.trim().split('\n')).toEqual(['Signed in', '200 "tea"', '200 "tea"', '200 "tea"'])
  expect((await stat(join(FOLDER, 'consulate.json'))).mode & 0o777).toBe(0o600)

  app.server.clock.advance('16m')
  const second = await run('axios-client.ts', settings).ended()
  expect(second.trim().split('\n')).toEqual(['Still signed in', '200 "tea"', '200 "tea"', '200 "tea"'])
  expect(app.refreshes()).toBe(1)
  expect(await readFile(join(FOLDER, 'consulate.json'), 'utf8')).toContain('cons_rt_')
  await app.close()
})

test('sign-in-api and axios-client: an app gets the orders of its user', async () => {
  const server = run('sign-in-api.ts', { PORT: await freePort() })
  const settings = settingsIn(await server.printed('axios-client.ts'))
  const FOLDER = await mkdtemp(join(tmpdir(), 'consulate-axios-'))
  const output = await run('axios-client.ts', { ...settings, FOLDER }).ended()
  expect(output).toContain('200 {"orders":["tea","rice"],"user":"1"}')
  await server.stop()
})
