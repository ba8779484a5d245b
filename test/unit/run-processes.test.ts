import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'

/** Stands for a test run with a server that only one signal stops. */
const RUN = `
  import { spawn } from 'node:child_process'
  import { once } from 'node:events'
  import { keepForRun, stopWithThisProcess } from '${new URL('../support/run-processes.ts', import.meta.url).href}'
  stopWithThisProcess(process.env.TMPDIR)
  const ignored = process.env.SIGNAL === 'SIGKILL' ? 'QUIT TERM' : 'TERM'
  const script = 'trap "" ' + ignored + '; echo; exec sleep 600'
  const server = spawn('sh', ['-c', script], { stdio: ['ignore', 'pipe', 'ignore'], detached: true })
  await once(server.stdout, 'data')
  keepForRun(server, process.env.SIGNAL)
  server.kill('SIGSTOP')
  console.log(server.pid)
  setInterval(() => {}, 1000)`

/** A zombie has ended, but nobody has asked how. */
const isRunning = (pid: number): boolean =>
  /^[^Z]/.test(spawnSync('ps', ['-o', 'stat=', '-p', String(pid)], { encoding: 'utf8' }).stdout)

test.each(['SIGQUIT', 'SIGKILL'])(
  'servers that %s stops end with a run that is killed while they are frozen',
  async (signal) => {
    const folder = await mkdtemp(join(tmpdir(), 'consulate-run-'))
    const run = spawn(process.execPath, ['--input-type=module', '-e', RUN], {
      env: { ...process.env, TMPDIR: folder, SIGNAL: signal },
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    const pid = Number(((await once(run.stdout, 'data')) as [Buffer])[0].toString())
    expect(isRunning(pid)).toBe(true)
    run.kill('SIGKILL')
    await expect.poll(() => isRunning(pid)).toBe(false)
  },
)

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
  await expect.poll(() => pids.filter(isRunning)).toEqual([])
})
