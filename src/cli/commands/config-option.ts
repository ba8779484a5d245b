import { InvalidArgumentError, Option, type Command } from 'commander'
import { UsageError } from '../errors.ts'

/** Adds `--config` to a command. */
export const addConfigOption = (command: Command): Command =>
  command.addOption(
    new Option('--config <file>', 'configuration file; or set CONSULATE_CONFIG').argParser(parseOnce),
  )

function parseOnce(file: string, before: string | undefined): string {
  if (before !== undefined) throw new InvalidArgumentError('It was given twice.')
  if (file === '') throw new InvalidArgumentError('It must be a file.')
  return file
}

/** Makes the command use the file that `--config` names, before or after the command's name. */
export function useConfigOption(command: Command): void {
  const files: string[] = []
  for (let each: Command | null = command; each !== null; each = each.parent) {
    const { config } = each.opts<{ readonly config?: string }>()
    if (config !== undefined) files.push(config)
  }
  if (files.length > 1) throw new UsageError('--config was given twice.')
  if (files[0] !== undefined) process.env['CONSULATE_CONFIG'] = files[0]
}
