import { describeError } from './errors.ts'
import { createProgram } from './program.ts'

/** Runs one command; `args` without `node` and the script. The exit code: 0 done, 1 failed, 2 wrongly written. */
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
