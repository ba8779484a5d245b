import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { mkdtemp, rm, symlink, writeFile } from 'node:fs/promises'
import { createServer, type AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { generateSecrets } from '../../src/keys/generate.ts'

/** A running `consulate serve`. */
export interface Served {
  readonly name: string
  readonly port: number
  /** Returns the CPU time used so far by all of its processes, in microseconds. */
  cpu(): number
  /** Stops it and deletes its files. */
  stop(): Promise<void>
}

/** A password check costs nothing, because only what comes after it is measured. */
const CONFIG = `
  import { defineConfig, secretsFromDirectory, signIn } from 'consulate'
  import { sqlite } from 'consulate/sqlite'
  export default defineConfig({
    issuer: 'https://auth.example.com',
    secrets: secretsFromDirectory('./secrets'),
    store: sqlite('consulate.db'),
    users: {
      find: async (id) => ({ id }),
      findByUsername: async (username) => ({ id: username }),
      verifyPassword: async (user) => user !== undefined,
    },
    scopes: {},
    grants: [signIn()],
  })`

/** Starts `consulate serve` in a new folder, with workers if there is a number of them. */
export async function serveInFolder(workers: number | undefined): Promise<Served> {
  const folder = await mkdtemp(join(tmpdir(), 'bench-'))
  await generateSecrets(join(folder, 'secrets'))
  await symlink(resolve(import.meta.dirname, '../..'), join(folder, 'consulate'), 'dir')
  await symlink('.', join(folder, 'node_modules'), 'dir')
  await writeFile(join(folder, 'consulate.config.ts'), CONFIG)
  const port = await freePort()
  const flags = workers === undefined ? [] : ['--workers', String(workers)]
  const bin = resolve(import.meta.dirname, '../../bin/consulate.js')
  const child = spawn(process.execPath, [bin, 'serve', '--port', String(port), ...flags], {
    cwd: folder,
    env: { ...process.env, NODE_ENV: 'production', NODE_OPTIONS: '--conditions=consulate-source' },
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  await once(child.stdout, 'data')
  const { pid = 0 } = child
  return {
    name: ['consulate serve', ...flags].join(' '),
    port,
    cpu: () => [pid, ...childrenOf(pid)].reduce((sum, process) => sum + usedMicroseconds(process), 0),
    async stop() {
      const ended = once(child, 'exit')
      child.kill()
      await ended
      await rm(folder, { recursive: true })
    },
  }
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  server.close()
  return port
}

const childrenOf = (pid: number): readonly number[] =>
  readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').split(' ').filter(Boolean).map(Number)

/** Reads user and system time (proc(5), fields 14 and 15 of stat), in ticks of 10 ms. */
function usedMicroseconds(pid: number): number {
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').replace(/.*\) /, '').split(' ')
  return (Number(fields[11]) + Number(fields[12])) * 10_000
}
