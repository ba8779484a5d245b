import * as clack from '@clack/prompts'
import { CommandError } from './errors.ts'

/** What can be chosen, with what people read. */
export interface Choice<Value extends string> {
  readonly value: Value
  readonly label: string
  readonly hint: string
}

/** Asks for a text; `isOptional` lets it be empty. Throws `CommandError` when the person leaves. */
export async function askText(message: string, isOptional = false): Promise<string> {
  const validate = (value: string | undefined): string | undefined =>
    isOptional || value?.trim() ? undefined : 'Something must be here.'
  return answered(await clack.text({ message, validate })).trim()
}

/** Asks for a password, which is not shown. Throws `CommandError` when the person leaves. */
export const askPassword = async (message: string): Promise<string> =>
  answered(await clack.password({ message }))

/** Asks for a yes; whoever only presses enter has said no. Throws `CommandError` when the person leaves. */
export const confirm = async (message: string): Promise<boolean> =>
  answered(await clack.confirm({ message, initialValue: false }))

/** Asks which one of several. Throws `CommandError` when the person leaves. */
export async function askChoice<Value extends string>(
  message: string,
  choices: readonly Choice<Value>[],
): Promise<Value> {
  return answered(await clack.select<string>({ message, options: [...choices] })) as Value
}

/** Whoever leaves a question answers it with a symbol. */
function answered<Answer>(answer: Answer): Exclude<Answer, symbol> {
  if (typeof answer === 'symbol') throw new CommandError('nothing was done')
  return answer as Exclude<Answer, symbol>
}
