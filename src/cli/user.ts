import { text } from 'node:stream/consumers'
import { systemClock } from '../lib/clock.ts'
import { createUser } from '../users/built-in.ts'
import { CommandError, UsageError } from './failure.ts'
import type * as Asking from './ask.ts'
import { canAsk } from './interactive.ts'
import { print, printJson } from './output.ts'
import { atWorkplace, checkInstalled } from './workplace.ts'

/** The flags of `consulate user create`. */
export interface NewPerson {
  readonly email?: string
  readonly name?: string
  readonly password?: string
  readonly passwordStdin?: boolean
  readonly json?: boolean
}

/** `consulate user create`: adds a person to those that the server itself keeps. */
export async function createPerson(options: NewPerson): Promise<void> {
  const email = options.email ?? (await ask(options, '--email', (asking) => asking.askText('Email')))
  const password = await passwordOf(options)
  await atWorkplace(async (place) => {
    if (!place.keepsPeople) throw new CommandError(`${place.source} keeps its people elsewhere`)
    await checkInstalled(place)
    const input = { email, password, ...(options.name !== undefined && { name: options.name }) }
    const user = await createUser(place.store, systemClock, input)
    if (!user) throw new CommandError(`somebody has the email ${email} already`)
    if (options.json) return printJson(user)
    print(`${user.email} can sign in now. Their id is ${user.id}.`)
  })
}

async function passwordOf(options: NewPerson): Promise<string> {
  if (options.password !== undefined) return options.password
  // Only the line's end is not part of it: what `echo` and editors add.
  if (options.passwordStdin) return (await text(process.stdin)).replace(/\r?\n$/, '')
  const given = process.env['CONSULATE_PASSWORD']
  return given || ask(options, '--password-stdin', (asking) => asking.askPassword('Password'))
}

/** Asks where somebody can answer; else the flag is missed. */
async function ask(
  options: NewPerson,
  flag: string,
  question: (asking: typeof Asking) => Promise<string>,
): Promise<string> {
  if (!canAsk(options)) throw new UsageError(`without a terminal to ask on, ${flag} is needed`)
  return question(await import('./ask.ts'))
}
