import { printableJson } from './printable-json.ts'

/** The severity of a log line. */
export type LogLevel = 'debug' | 'info' | 'warn' | 'error'

/** The fields of a log line. Never secrets, tokens, codes, cookies or passwords. */
export type LogFields = Readonly<Record<string, string | number | boolean | null | undefined>>

/** Receives log lines. For pino: `{ log: (level, message, fields) => pino[level](fields, message) }`. */
export interface Logger {
  log(level: LogLevel, message: string, fields?: LogFields): void
}

const RANK: Readonly<Record<LogLevel, number>> = { debug: 0, info: 1, warn: 2, error: 3 }

/**
 * Creates a logger that writes JSON lines: `{ time, level, message, ...fields }`. `level` is the lowest level that is
 * logged, default `info`; `write` receives each line, default standard error.
 */
export function jsonLogger(options: { level?: LogLevel; write?: (line: string) => void } = {}): Logger {
  const { level: minimum = 'info', write = (line) => process.stderr.write(line) } = options
  return {
    log(level, message, fields) {
      if (RANK[level] < RANK[minimum]) return
      // Fields may contain input, and operators read logs on terminals.
      write(`${printableJson({ time: new Date().toISOString(), level, message, ...fields })}\n`)
    },
  }
}

/** A logger that discards everything. */
export const silentLogger: Logger = { log: () => {} }
