import { fork } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import type { Order, Report, Saying } from './order.ts'

/** Who says nothing for so long (ms) hangs: this sees it even where the process is stuck in one function. */
const LONGEST_SILENCE = 60_000

/** V8 makes room for young objects as it likes, 16 to 100 MB of it: with a fixed size, what grows is ours. */
const MEMORY = ['--expose-gc', '--min-semi-space-size=16', '--max-semi-space-size=16']

/** Runs an order in a process of its own, where memory can be measured. Throws where it ends or falls silent before its report. */
export function launch(order: Order): Promise<Report> {
  const file = fileURLToPath(new URL('run.ts', import.meta.url))
  const child = fork(file, [JSON.stringify(order)], { execArgv: MEMORY })
  let done = 0
  return new Promise((resolve, reject) => {
    const end = (reason: string): void =>
      reject(new Error(`${reason} after ${done} requests at ${order.target} with seed ${order.seed}`))
    const timer = setTimeout(() => {
      child.kill('SIGKILL')
      end('It hangs')
    }, LONGEST_SILENCE)
    child.on('message', (saying: Saying) => {
      timer.refresh()
      if ('report' in saying) resolve(saying.report)
      else ({ done } = saying)
    })
    child.on('exit', (code, signal) => {
      clearTimeout(timer)
      end(`It ended with ${signal ?? code}`)
    })
  })
}
