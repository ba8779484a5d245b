import { Help, type Command } from 'commander'
import { UsageError } from '../errors.ts'
import { terminalWidth, wrap, wrapAfter } from '../output.ts'

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

const [INDENT, DEEP_INDENT] = ['  ', '      ']
const MIN_DESCRIPTION_WIDTH = 30

/** Formats an option or command of the help. On a narrow terminal, its description is below it. */
export function formatHelpItem(term: string, termWidth: number, description: string, helper: Help): string {
  const width = helper.helpWidth ?? terminalWidth()
  if (width - termWidth - 2 * INDENT.length >= MIN_DESCRIPTION_WIDTH)
    return Help.prototype.formatItem.call(helper, term, termWidth, description, helper)
  const [flags = '', ...values] = wrap(term, width - INDENT.length)
  const lines = [...values, ...wrap(description, width - DEEP_INDENT.length)]
  return [INDENT + flags, ...lines.map((line) => DEEP_INDENT + line)].join('\n')
}

/** Wraps the usage line of the help. */
export const formatHelpUsage = (usage: string): string =>
  wrapAfter('Usage: ', usage).join('\n').slice('Usage: '.length)
