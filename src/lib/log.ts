/** How serious a line is. */
export type LogLevel = 'debug' | 'info' | 'warn' | 'error'

/** What a line may carry: never a secret, a token, a code, a cookie or a password. */
export type LogFields = Readonly<Record<string, string | number | boolean | null | undefined>>

/** Where log lines go. Any logger with a method per level fits (pino: `{ log: (level, message, fields) => pino[level](fields, message) }`). */
export interface Logger {
  log(level: LogLevel, message: string, fields?: LogFields): void
}

const RANK: Readonly<Record<LogLevel, number>> = { debug: 0, info: 1, warn: 2, error: 3 }

/** A logger that writes one JSON object a line: `{ time, level, message, ...fields }`. */
export function jsonLogger(options: { level?: LogLevel; write?: (line: string) => void } = {}): Logger {
  const { level: least = 'info', write = (line) => process.stderr.write(line) } = options
  return {
    log(level, message, fields) {
      if (RANK[level] < RANK[least]) return
      write(`${JSON.stringify({ time: new Date().toISOString(), level, message, ...fields })}\n`)
    },
  }
}

/** A logger that keeps quiet. */
export const silentLogger: Logger = { log: () => {} }
