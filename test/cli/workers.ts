import { readFileSync, writeFileSync } from 'node:fs'
import { request as httpRequest } from 'node:http'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { onTestFinished } from 'vitest'
import { emptyDirectory, linkPackage, serve, type AtEnd, type RunningServer, type Variables } from './run.ts'

/** A running `consulate serve --workers`. */
export interface WorkersServer extends RunningServer {
  /** The process IDs of its workers. */
  pids(): readonly number[]
}

/** Starts a server with workers and waits until all of them accept requests. */
export async function serveWithWorkers(
  cwd: string,
  count: number | 'auto',
  env: Variables,
  atEnd: AtEnd = onTestFinished,
): Promise<WorkersServer> {
  const server = await serve(cwd, ['--workers', String(count)], env, atEnd)
  const primary = server.process.pid ?? 0
  const children = childrenOf(primary)
  // Only a primary that was killed leaves them behind, and then they exit by themselves.
  atEnd(() => children.filter(isRunning).forEach((pid) => process.kill(pid, 'SIGKILL')))
  return { ...server, pids: () => childrenOf(primary) }
}

/** Creates a directory with a configuration file that can import the package. */
export async function createProject(config: string, atEnd: AtEnd = onTestFinished): Promise<string> {
  const cwd = emptyDirectory(atEnd)
  await linkPackage(cwd)
  writeFileSync(join(cwd, 'package.json'), '{ "type": "module" }')
  writeFileSync(join(cwd, 'consulate.config.ts'), config)
  return cwd
}

/** Returns the child processes of a process. Linux only. */
export function childrenOf(pid: number): readonly number[] {
  try {
    const children = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8')
    return children.split(' ').filter(Boolean).map(Number)
  } catch {
    return []
  }
}

/** Returns whether a process exists. */
export function isRunning(pid: number): boolean {
  try {
    return process.kill(pid, 0)
  } catch {
    return false
  }
}

/** A response, or the code of the error with which the connection ended. */
export interface Answer {
  readonly status: number | string
  readonly body: string
}

/** What is sent: a GET, or a POST if it has a body, which is a form unless a header says otherwise. */
export interface Sending {
  readonly body?: string
  readonly headers?: Readonly<Record<string, string>>
}

/** Sends a request on a connection of its own. The primary gives each connection to the next worker in turn. */
export function sendAlone(url: string, { body, headers = {} }: Sending = {}): Promise<Answer> {
  const type = body === undefined ? {} : { 'Content-Type': 'application/x-www-form-urlencoded' }
  return new Promise((resolve) => {
    const fail = (error: NodeJS.ErrnoException): void =>
      resolve({ status: error.code ?? String(error), body: '' })
    const request = httpRequest(url, {
      method: body === undefined ? 'GET' : 'POST',
      agent: false,
      headers: { ...type, ...headers },
      signal: AbortSignal.timeout(60_000),
    })
    request.once('error', fail)
    request.once('response', (response) => {
      text(response).then((body) => resolve({ status: response.statusCode ?? 0, body }), fail)
    })
    request.end(body)
  })
}
