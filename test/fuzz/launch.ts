import { fork, type ChildProcess } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import type { Job, Report, JobMessage } from './job.ts'

/** In ms. Detects a hang even if the process is stuck in one function. */
const MAX_SILENCE = 60_000

/** With a fixed size for V8's young generation (16 to 100 MB by default), only the server can make memory grow. */
const NODE_FLAGS = ['--expose-gc', '--min-semi-space-size=16', '--max-semi-space-size=16']

let shared: ChildProcess | undefined

/**
 * Runs a job in another process, so that its memory can be measured. Rejects if that exits or hangs before its report.
 * Jobs share the process, because most of the time of a short job is the startup of Node.
 */
export function runJob(job: Job): Promise<Report> {
  const child = (shared ??= fork(fileURLToPath(new URL('job-process.ts', import.meta.url)), {
    execArgv: NODE_FLAGS,
  }))
  let done = 0
  return new Promise<Report>((resolve, reject) => {
    const fail = (reason: string): void => {
      stopJobs()
      reject(new Error(`${reason} after ${done} requests at ${job.target} with seed ${job.seed}`))
    }
    const timer = setTimeout(() => fail('The process hangs'), MAX_SILENCE)
    const finish = (): void => {
      clearTimeout(timer)
      child.removeAllListeners()
    }
    child.on('message', (message: JobMessage) => {
      timer.refresh()
      if (!('report' in message)) return void ({ done } = message)
      finish()
      resolve(message.report)
    })
    child.on('exit', (code, signal) => {
      finish()
      fail(`The process exited with ${signal ?? code}`)
    })
    child.send(job)
  })
}

/** Ends the process of the jobs. */
export function stopJobs(): void {
  shared?.kill('SIGKILL')
  shared = undefined
}
