import { CommandError, UsageError } from './errors.ts'

/** The flags that decide whether a command may ask. */
export interface InteractiveOptions {
  readonly json?: boolean
  /** Answers a confirmation beforehand. */
  readonly yes?: boolean
}

/** Returns whether questions can be asked. Without a terminal there is no answer; with `--json` they would break the document. */
export const isInteractive = ({ json = false }: InteractiveOptions): boolean =>
  !json && process.stdin.isTTY && process.stdout.isTTY

/** Throws `UsageError` if a flag is missing and its value cannot be asked for. */
export function requireFlag(value: unknown, flag: string, options: InteractiveOptions): void {
  if (value === undefined && !isInteractive(options)) throw new UsageError(`${flag} is required.`)
}

/** Throws `UsageError` unless a command can ask for confirmation or has `--yes`. */
export function requireConfirmable(options: InteractiveOptions): void {
  if (options.yes || isInteractive(options)) return
  const reason = options.json ? 'with --json' : 'without a terminal'
  throw new UsageError(`Add --yes: this command cannot ask for confirmation ${reason}.`)
}

/** Asks for confirmation unless there is `--yes`. Throws `CommandError` if the answer is no. */
export async function confirmOrCancel({ yes = false }: InteractiveOptions, question: string): Promise<void> {
  if (yes) return
  const { confirm, CANCELED } = await import('./prompts.ts')
  if (!(await confirm(question))) throw new CommandError(CANCELED)
}
