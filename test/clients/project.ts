import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { freePort } from '../support/free-port.ts'
import { testSecrets } from '../support/secrets.ts'
import { startServer } from '../support/server.ts'
import type { Identity } from './identity.ts'
import { runProgram, type ClientProgram } from './program.ts'

/** The files that the programs of the MCP guide import. */
export const MCP_MODULES = { 'auth.js': 'mcp-auth', 'mcp.js': 'mcp-tools' }

/** A project of the MCP guide that runs. */
export interface McpProject extends Identity {
  readonly program: ClientProgram
}

/** Runs a project with its own secrets. The test adds users and clients through a second node on its database. */
export async function startMcpProject(name: string): Promise<McpProject> {
  const port = await freePort()
  const issuer = `http://127.0.0.1:${port}`
  const cwd = await mkdtemp(join(tmpdir(), 'consulate-mcp-'))
  const secrets = join(cwd, 'data/secrets')
  await mkdir(secrets, { recursive: true })
  await writeFile(join(secrets, 'key.pem'), testSecrets.signingKeys[0].privateKey, { mode: 0o600 })
  await writeFile(join(secrets, 'secret'), testSecrets.secrets[0].value, { mode: 0o600 })
  const program = runProgram(name, { ISSUER: issuer, PORT: port }, { modules: MCP_MODULES, cwd })
  await program.printed('Listening')
  const server = await startServer({ issuer, file: join(cwd, 'data/consulate.db') })
  return {
    issuer,
    server,
    user: await server.addUser(),
    program,
    async close() {
      await program.stop()
      await server.close()
      await rm(cwd, { recursive: true, force: true })
    },
  }
}
