/** How far something has come, on one line that is written over and over. */
export interface ProgressBar {
  show(done: number, total: number): void
  /** Takes the line away. */
  end(): void
}

const WIDTH = 30
const CLEAR = '\r\u001B[K'

/** A bar on standard error where that is a terminal; nothing elsewhere. It leaves Ctrl-C to the command. */
export function progressBar(isWanted: boolean): ProgressBar {
  if (!isWanted || !process.stderr.isTTY) return { show: () => {}, end: () => {} }
  return {
    show(done, total) {
      const share = total === 0 ? 1 : done / total
      const bar = '█'.repeat(Math.round(share * WIDTH)).padEnd(WIDTH, '░')
      process.stderr.write(`${CLEAR}  ${bar} ${Math.floor(share * 100)} % of ${total} rows`)
    },
    end: () => void process.stderr.write(CLEAR),
  }
}
