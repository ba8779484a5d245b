import { text } from 'node:stream/consumers'
import type * as Asking from './prompts.ts'
import { UsageError } from './errors.ts'
import { isInteractive } from './interactive.ts'

/** The flags by which a password is told. */
export interface PasswordOptions {
  readonly password?: string
  readonly passwordStdin?: boolean
  readonly json?: boolean
}

/** The password that was told by a flag, by standard input or by the environment; asked for where it was not. */
export async function readPassword(options: PasswordOptions, question = 'Password'): Promise<string> {
  if (options.password !== undefined) return options.password
  // Only the line's end is not part of it: what `echo` and editors add.
  if (options.passwordStdin) return (await text(process.stdin)).replace(/\r?\n$/, '')
  const given = process.env['CONSULATE_PASSWORD']
  return given || askOr(options, '--password-stdin', (asking) => asking.askPassword(question))
}

/** Asks where somebody can answer. Throws `UsageError` elsewhere: the flag is missed. */
export async function askOr(
  options: Pick<PasswordOptions, 'json'>,
  flag: string,
  question: (asking: typeof Asking) => Promise<string>,
): Promise<string> {
  if (!isInteractive(options)) throw new UsageError(`without a terminal to ask on, ${flag} is needed`)
  return question(await import('./prompts.ts'))
}
