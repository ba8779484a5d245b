import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { freePort } from '../support/free-port.ts'
import type { TestServer, TestUser } from '../support/server.ts'
import { startIdentity, visitApp, type Identity } from './identity.ts'
import { areClientsInstalled } from './installed.ts'
import { runProgram, type ClientProgram } from './program.ts'
import { MCP_MODULES, startMcpProject } from './project.ts'

const running: ClientProgram[] = []
const closing: (() => Promise<void>)[] = []
afterAll(async () => {
  await Promise.all(running.map((program) => program.stop()))
  for (const close of closing.toReversed()) await close()
})

/** An MCP server, and how to sign in to the authorization server that it names. */
interface Place {
  readonly mcp: string
  readonly identity: Pick<Identity, 'issuer' | 'server' | 'user'>
  /** Advances the clocks of the servers. */
  advance(milliseconds: number): Promise<void>
}

async function startProject(name: string): Promise<Place> {
  const project = await startMcpProject(name)
  closing.push(project.close)
  return { mcp: `${project.issuer}/mcp`, identity: project, advance: project.program.advance }
}

/** An MCP server in another service. */
async function startMcpService(): Promise<Place> {
  const port = await freePort()
  const mcp = `http://127.0.0.1:${port}/mcp`
  const identity = await startIdentity({
    resources: [{ uri: mcp, name: 'Orders MCP', scopes: ['orders:read'] }],
  })
  closing.push(identity.close)
  const { id, secret = '' } = await identity.server.addClient({ followsRevocations: true, redirectUris: [] })
  const settings = { ISSUER: identity.issuer, CLIENT_ID: id, CLIENT_SECRET: secret, PORT: port }
  const program = runProgram('mcp-service', settings, { modules: MCP_MODULES })
  running.push(program)
  await program.printed('Listening')
  return {
    mcp,
    identity,
    async advance(milliseconds) {
      identity.server.clock.advance(milliseconds / 1000)
      await program.advance(milliseconds)
    },
  }
}

const PLACES: readonly [string, () => Promise<Place>][] = [
  ['with Express', () => startProject('mcp-express')],
  ['with plain Node', () => startProject('mcp-node')],
  ['in another service', startMcpService],
]

describe.runIf(areClientsInstalled).each(PLACES)('an MCP server %s', (_, start) => {
  let place: Place
  let server: TestServer
  let user: TestUser
  beforeAll(async () => {
    place = await start()
    ;({ server, user } = place.identity)
  })

  test('lets an unmodified client of the SDK find the server, sign in and call a tool', async () => {
    const port = await freePort()
    const origin = `http://127.0.0.1:${port}`
    const { id } = await server.addClient({ type: 'public', redirectUris: [`${origin}/callback`] })
    const { issuer } = place.identity
    const client = runProgram('mcp-client', { MCP: place.mcp, ISSUER: issuer, CLIENT_ID: id, PORT: port })
    running.push(client)
    const [, url = ''] = /Open (\S+)/.exec(await client.printed('Open ')) ?? []
    expect(url.startsWith(`${issuer}/oauth/authorize?`)).toBe(true)
    expect(new URL(url).searchParams.get('resource')).toBe(place.mcp)
    expect(new URL(url).searchParams.get('scope')).toBe('orders:read')
    const app = visitApp(origin, place.identity)
    expect((await app.follow(url)).text).toBe(`Orders of user ${user.id}`)
    await place.advance(16 * 60_000)
    expect((await app.open('/')).text).toBe(`Orders of user ${user.id}`)
  })

  test('tells a client without a token where its metadata is', async () => {
    const response = await fetch(place.mcp, { method: 'POST' })
    const { origin, pathname } = new URL(place.mcp)
    expect(response.status).toBe(401)
    expect(response.headers.get('www-authenticate')).toContain(
      `resource_metadata="${origin}/.well-known/oauth-protected-resource${pathname}"`,
    )
    const metadata = await fetch(`${origin}/.well-known/oauth-protected-resource${pathname}`)
    expect(await metadata.json()).toMatchObject({ resource: place.mcp, resource_name: 'Orders MCP' })
  })
})
