import { spawn, type ChildProcessWithoutNullStreams } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { createServer } from 'node:http'
import { connect } from 'node:net'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { text } from 'node:stream/consumers'
import { fileURLToPath } from 'node:url'
import { expect, onTestFinished, test } from 'vitest'
import { installed } from '../cli/run.ts'
import { freePort } from '../support/free-port.ts'
import { listen } from '../support/server.ts'

const APP = fileURLToPath(new URL('serve-app.ts', import.meta.url))

/** Starts the app on a database and with secrets that exist, unless the environment says otherwise. */
async function start(env: Readonly<Record<string, string>> = {}) {
  const cwd = await installed()
  const port = await freePort()
  const child = spawn(process.execPath, ['--conditions=consulate-source', APP], {
    cwd,
    env: {
      STORE: 'sqlite:data/consulate.db',
      SECRETS: 'data/secrets',
      HOST: '127.0.0.1',
      PORT: port,
      ...env,
    },
  })
  onTestFinished(() => void child.kill('SIGKILL'))
  return { cwd, port, child }
}

async function outcomeOf(child: ChildProcessWithoutNullStreams) {
  const [stdout, stderr, [code]] = await Promise.all([
    text(child.stdout),
    text(child.stderr),
    once(child, 'close') as Promise<[number | null]>,
  ])
  return { code, stdout, stderr }
}

test('after SIGTERM, an app of serve() answers open requests, closes what is its own and the server, and exits', async () => {
  const { cwd, port, child } = await start()
  const lines = createInterface(child.stdout)
  const printed: string[] = []
  lines.on('line', (line) => printed.push(line))
  await once(lines, 'line')
  // Browsers open connections in reserve. They must not delay the stop.
  const reserve = connect(Number(port), '127.0.0.1').on('error', () => {})
  await once(reserve, 'connect')
  const answer = fetch(`http://127.0.0.1:${port}/slow`).then((response) => response.text())
  await once(lines, 'line')
  const closed = once(child, 'close')
  child.kill('SIGTERM')
  expect(await answer).toBe('done')
  expect(await closed).toEqual([0, null])
  expect(printed).toEqual(['listening', 'open', 'closed'])
  expect(existsSync(join(cwd, 'data/consulate.db-wal'))).toBe(false)
})

test('the server closes even if the close() of an app of serve() fails, which the exit code and stderr show', async () => {
  const { cwd, child } = await start({ CLOSE: 'fails' })
  await once(createInterface(child.stdout), 'line')
  child.kill('SIGTERM')
  const { code, stderr } = await outcomeOf(child)
  expect(code).toBe(1)
  expect(stderr).toContain('Error: The app cannot close')
  expect(existsSync(join(cwd, 'data/consulate.db-wal'))).toBe(false)
})

test('an app of serve() whose start hangs ends after SIGTERM', async () => {
  const { child } = await start({ SECRETS: 'hang' })
  await once(createInterface(child.stdout), 'line')
  child.kill('SIGTERM')
  const { code, stderr } = await outcomeOf(child)
  expect([code, stderr]).toEqual([
    1,
    'The server did not stop in time. What it had not written yet is lost.\n',
  ])
})

test.each([
  ['on a port that is no number', { PORT: 'web' }, /^NaN is not a port\. Choose another port\.\n$/],
  [
    'on a host of another machine',
    { HOST: '192.0.2.1' },
    /^192\.0\.2\.1 is not an address of this machine\. Choose another host\.\n$/,
  ],
  [
    'without its database server',
    { STORE: 'postgres://shop:pw@127.0.0.1:1/shop' },
    /^The database cannot be used: nothing listens at 127\.0\.0\.1:1 \(ECONNREFUSED\)\n$/,
  ],
  ['without its secrets', { SECRETS: 'nowhere' }, /^Invalid configuration:\n {2}secrets: .*nowhere.*\n$/],
])('%s, an app of serve() says why it cannot start, and exits with 1', async (_name, env, reason) => {
  const { child } = await start(env)
  const { code, stdout, stderr } = await outcomeOf(child)
  expect([code, stdout]).toEqual([1, ''])
  expect(stderr).toMatch(reason)
})

test('on a port in use, an app of serve() says so, and exits with 1', async () => {
  const http = createServer()
  onTestFinished(() => void http.close())
  const { port } = new URL(await listen(http))
  const { child } = await start({ PORT: port })
  expect(await outcomeOf(child)).toEqual({
    code: 1,
    stdout: '',
    stderr: `Port ${port} on 127.0.0.1 is in use. Choose another port.\n`,
  })
})
