import * as clack from '@clack/prompts'
import { CommandError } from './errors.ts'

/** The message after a question was left or answered with no. */
export const CANCELED = 'Canceled. Nothing was changed.'

/** An option of a question. */
export interface Choice<Value extends string> {
  readonly value: Value
  readonly label: string
  readonly hint?: string
}

/** Returns what is wrong with an answer, or undefined. The question is then asked again. */
export type Validate = (answer: string) => string | undefined

/**
 * Asks for a text; `initial` is there to be edited. Throws `CommandError` if the user cancels; so do the other questions.
 */
export async function askText(message: string, validate?: Validate, initial = ''): Promise<string> {
  const check = (answer = ''): string | undefined => validate?.(answer.trim())
  return answerOf(await clack.text({ message, validate: check, initialValue: initial })).trim()
}

/** Asks for a password, which is not shown. */
export const askPassword = async (message: string, validate: Validate): Promise<string> =>
  answerOf(await clack.password({ message, validate: (answer = '') => validate(answer), clearOnError: true }))

/** Asks a yes-or-no question. The default is no. */
export const confirm = async (message: string): Promise<boolean> =>
  answerOf(await clack.confirm({ message, initialValue: false }))

/** Asks for one of several options. */
export async function choose<Value extends string>(
  message: string,
  choices: readonly Choice<Value>[],
): Promise<Value> {
  return answerOf(await clack.select<string>({ message, options: toOptions(choices) })) as Value
}

/** Asks for any number of several options, or for at least one if some are selected at first. */
export async function chooseMany<Value extends string>(
  message: string,
  choices: readonly Choice<Value>[],
  selected: readonly Value[] = [],
): Promise<readonly Value[]> {
  const options = toOptions(choices)
  const required = selected.length > 0
  const question = { message, options, required, initialValues: [...selected] }
  return answerOf(await clack.multiselect<string>(question)) as Value[]
}

const toOptions = <Value extends string>(choices: readonly Choice<Value>[]) =>
  choices.map(({ value, label, hint }) => ({ value, label, ...(hint !== undefined && { hint }) }))

/** Clack returns a symbol after Ctrl-C or Escape. */
function answerOf<Answer>(answer: Answer): Exclude<Answer, symbol> {
  if (typeof answer === 'symbol') throw new CommandError(CANCELED)
  return answer as Exclude<Answer, symbol>
}
