import type { Command, Option } from 'commander'
import { createProgram } from '../../src/cli/program.ts'
import { code, table } from './members.ts'

/** Returns the table of the options of all commands. */
export const optionTable = (): string =>
  table(['command', 'option', 'default', 'description'], leavesOf(createProgram()).flatMap(optionRows))

const leavesOf = (command: Command): readonly Command[] =>
  command.commands.length === 0 ? [command] : command.commands.flatMap((child) => leavesOf(child))

const nameOf = (command: Command): string =>
  command.parent === null ? command.name() : `${nameOf(command.parent)} ${command.name()}`

/** Options that all commands have are described once, in the text. */
const COMMON = new Set(['--config', '--json'])

function optionRows(command: Command): readonly (readonly string[])[] {
  const options = command.options.filter(({ long, hidden }) => !hidden && !COMMON.has(long ?? ''))
  const name = nameOf(command).replace('consulate ', '')
  return options.map((option, index) => [index === 0 ? code(name) : '', ...row(option)])
}

function row(option: Option): readonly string[] {
  const { envVar, argChoices } = option
  const { text, fallback } = splitDefault(option)
  const values = argChoices === undefined ? '' : `: ${argChoices.map(code).join(', ')}`
  const source = envVar === undefined ? [] : [code(envVar)]
  return [code(option.flags), [...source, ...fallback].join(', else '), cell(text + values)]
}

/** The default is an option of commander, or part of the description. */
function splitDefault({ description, defaultValue, defaultValueDescription }: Option): {
  readonly text: string
  readonly fallback: readonly string[]
} {
  const written = / \(default: (?<value>[^)]*)\)/.exec(description)
  const own =
    typeof defaultValue === 'string' || typeof defaultValue === 'number' ? [String(defaultValue)] : []
  const named = defaultValueDescription ?? written?.groups?.['value']
  return {
    text: description.replace(written?.[0] ?? '', ''),
    fallback: named === undefined ? own : [named],
  }
}

const cell = (text: string): string => text.replaceAll('|', String.raw`\|`)
