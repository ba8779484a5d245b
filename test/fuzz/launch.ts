import { fork } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import type { Job, Report, JobMessage } from './job.ts'

/** In ms. Detects a hang even if the process is stuck in one function. */
const MAX_SILENCE = 60_000

/** With a fixed size for V8's young generation (16 to 100 MB by default), only the server can make memory grow. */
const NODE_FLAGS = ['--expose-gc', '--min-semi-space-size=16', '--max-semi-space-size=16']

/** Runs a job in a new process, so that its memory can be measured. Rejects if it exits or hangs before its report. */
export function runJob(job: Job): Promise<Report> {
  const file = fileURLToPath(new URL('job-process.ts', import.meta.url))
  const child = fork(file, [JSON.stringify(job)], { execArgv: NODE_FLAGS })
  let done = 0
  return new Promise((resolve, reject) => {
    const fail = (reason: string): void =>
      reject(new Error(`${reason} after ${done} requests at ${job.target} with seed ${job.seed}`))
    const timer = setTimeout(() => {
      child.kill('SIGKILL')
      fail('The process hangs')
    }, MAX_SILENCE)
    child.on('message', (message: JobMessage) => {
      timer.refresh()
      if ('report' in message) resolve(message.report)
      else ({ done } = message)
    })
    child.on('exit', (code, signal) => {
      clearTimeout(timer)
      fail(`The process exited with ${signal ?? code}`)
    })
  })
}
