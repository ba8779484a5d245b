import { describeError } from './errors.ts'
import { createProgram } from './program.ts'

/** Runs one command and returns its exit code. `args` are those after `node` and the script. */
export async function main(args: readonly string[]): Promise<number> {
  try {
    await createProgram().parseAsync(args, { from: 'user' })
    return 0
  } catch (error) {
    const { text, exitCode } = describeError(error)
    if (text !== undefined) console.error(text)
    return exitCode
  }
}
