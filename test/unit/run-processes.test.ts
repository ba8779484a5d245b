import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'

/** Stands for a test run with a server. */
const RUN = `
  import { spawn } from 'node:child_process'
  import { keepForRun, stopWithThisProcess } from '${new URL('../support/run-processes.ts', import.meta.url).href}'
  stopWithThisProcess(process.env.TMPDIR)
  const server = spawn('sleep', ['600'], { stdio: 'ignore', detached: true })
  keepForRun(server)
  server.kill('SIGSTOP')
  console.log(server.pid)
  setInterval(() => {}, 1000)`

/** A zombie has ended, but nobody has asked how. */
const isRunning = (pid: number): boolean =>
  /^[^Z]/.test(spawnSync('ps', ['-o', 'stat=', '-p', String(pid)], { encoding: 'utf8' }).stdout)

test('servers of a run end with it, even if it is killed while they are frozen', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'consulate-run-'))
  const run = spawn(process.execPath, ['--input-type=module', '-e', RUN], {
    env: { ...process.env, TMPDIR: folder },
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const pid = Number(((await once(run.stdout, 'data')) as [Buffer])[0].toString())
  expect(isRunning(pid)).toBe(true)
  run.kill('SIGKILL')
  await expect.poll(() => isRunning(pid), { timeout: 20_000 }).toBe(false)
})

/** Stands for a worker that has started more servers than Node.js allows listeners of one event. */
const WORKER = `
  import { spawn } from 'node:child_process'
  import { stopOnExit } from '${new URL('../support/run-processes.ts', import.meta.url).href}'
  const servers = Array.from({ length: 12 }, () => spawn('sleep', ['600'], { stdio: 'ignore' }))
  for (const server of servers) stopOnExit(server, 'SIGKILL')
  console.log(JSON.stringify(servers.map(({ pid }) => pid)))
  process.exit()`

test('servers of a worker end with it, however many it has, and without a warning', async () => {
  const args = ['--input-type=module', '-e', WORKER]
  const { stdout, stderr } = spawnSync(process.execPath, args, { encoding: 'utf8' })
  expect(stderr).toBe('')
  const pids = JSON.parse(stdout) as number[]
  await expect.poll(() => pids.filter(isRunning), { timeout: 20_000 }).toEqual([])
})
