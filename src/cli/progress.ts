/** A progress bar on one line, which is written over and over. */
export interface ProgressBar {
  show(done: number, total: number): void
  clear(): void
}

const WIDTH = 30
const CLEAR_LINE = '\r\u001B[K'

/** Creates a progress bar on standard error. It shows nothing if that is no terminal, or if `isEnabled` is false. */
export function createProgressBar(isEnabled: boolean): ProgressBar {
  if (!isEnabled || !process.stderr.isTTY) return { show: () => {}, clear: () => {} }
  return {
    show(done, total) {
      const share = total === 0 ? 1 : done / total
      const bar = '█'.repeat(Math.round(share * WIDTH)).padEnd(WIDTH, '░')
      process.stderr.write(`${CLEAR_LINE}  ${bar} ${Math.floor(share * 100)}% of ${total} rows`)
    },
    clear: () => void process.stderr.write(CLEAR_LINE),
  }
}
