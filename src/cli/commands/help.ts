import type { Command } from 'commander'
import { UsageError } from '../errors.ts'

/** Adds `consulate help`, which takes the words of nested commands too: `consulate help client rotate-secret`. */
export function addHelp(program: Command): void {
  program.helpCommand(false)
  program
    .command('help [command...]')
    .description('Show help for a command')
    .action((words: readonly string[]) => findCommand(program, words).outputHelp())
}

function findCommand(program: Command, words: readonly string[]): Command {
  let command = program
  for (const word of words) {
    const child = command.commands.find((each) => each.name() === word || each.aliases().includes(word))
    if (!child)
      throw new UsageError(`Unknown command "${words.join(' ')}". Run \`consulate help\` for a list.`)
    command = child
  }
  return command
}
