import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import type { Store } from '../../src/index.ts'
import { sqlite } from '../../src/store/sqlite.ts'
import { openBrowser } from '../support/browser.ts'
import { askToken, authorizationUrl, authorize, getCode } from '../support/oauth-client.ts'
import { startServer, type TestClient, type TestServer } from '../support/server.ts'

const disconnectAll = (server: TestServer, person: { id: string }, client: TestClient): Promise<void> =>
  server.server.authorizations.disconnect(person, client.id)

test('a code on its way to an app that is disconnected gives nothing, and that of another app does', async () => {
  await using server = await startServer()
  const person = await server.addPerson()
  const [gone, kept] = [await server.addClient({ ownerId: 'somebody' }), await server.addClient()]
  const browser = openBrowser(server)
  const codes: Awaited<ReturnType<typeof getCode>>[] = []
  for (const client of [gone, kept]) codes.push(await getCode({ server, browser, client, person }))
  await disconnectAll(server, person, gone)
  const answers = await Promise.all(
    [gone, kept].map((client, index) => askToken(server, client, codes[index]?.exchange ?? {})),
  )
  expect(answers.map(({ status, body }) => [status, body['error']])).toEqual([
    [400, 'invalid_grant'],
    [200, undefined],
  ])
})

test('somebody else’s code for the same app goes on', async () => {
  await using server = await startServer()
  const client = await server.addClient()
  const [leaver, other] = [await server.addPerson(), await server.addPerson()]
  const { exchange } = await getCode({ server, browser: openBrowser(server), client, person: other })
  await disconnectAll(server, leaver, client)
  expect((await askToken(server, client, exchange)).status).toBe(200)
})

test('an app that is disconnected between the look at the consent and the code has the person asked again', async () => {
  const intrusion: { before?: () => Promise<void> } = {}
  await using server = await startServer({ store: await interrupted(intrusion) })
  const client = await server.addClient()
  const visit = { server, browser: openBrowser(server), client, person: await server.addPerson() }
  await getCode(visit)
  const url = authorizationUrl(server, client, { scope: 'orders:read' })
  intrusion.before = async () => {
    delete intrusion.before
    await disconnectAll(server, visit.person, client)
  }
  const page = await visit.browser.open(url)
  expect(page.forms.map(({ label }) => label)).toContain('Allow')
  expect((await authorize(visit.browser, url)).url.searchParams.get('code')).toBeTruthy()
})

/** A store in which something happens right before a code is written down. */
async function interrupted(intrusion: { readonly before?: () => Promise<void> }): Promise<Store> {
  const folder = await mkdtemp(join(tmpdir(), 'consulate-'))
  onTestFinished(() => rm(folder, { recursive: true, force: true }))
  const store = sqlite(join(folder, 'data.db'))
  const insert: Store['codes']['insert'] = async (code, subject) => {
    await intrusion.before?.()
    return store.codes.insert(code, subject)
  }
  return { ...store, codes: { ...store.codes, insert } }
}
