import { Option, type Command } from 'commander'
import type { ClientOptions, RotateOptions, UpdateOptions } from '../client.ts'
import type { NewClient } from '../client-flags.ts'
import { collect, JSON_HELP, parseTime } from './flags.ts'

/** Adds `consulate client` and what follows it. */
export function addClient(program: Command): void {
  const client = program
    .command('client')
    .description('register a client; asks for what is left out, on a terminal')
    .enablePositionalOptions()
    .option('--name <name>', 'what people see when they are asked for consent')
    .addOption(
      new Option('--public', 'an app that can keep no secret: in a browser, on a phone').conflicts('client'),
    )
    .addOption(
      new Option('--client', 'a machine that acts for itself (client credentials)').conflicts('device'),
    )
    .option('--device', 'a device without a browser, which shows a code')
    .addOption(new Option('--password', 'legacy: an app with a sign-in form of its own').conflicts('client'))
    .addOption(
      new Option('--implicit', 'legacy: an app in a browser that gets tokens in its address').conflicts([
        'client',
        'device',
        'password',
      ]),
    )
    .addOption(
      new Option(
        '--service',
        'another service, whose guard follows the revocations; it gets no tokens',
      ).conflicts(['public', 'client', 'device', 'password', 'implicit', 'redirectUri', 'scope', 'provider']),
    )
    .option('--redirect-uri <uri>', 'where people come back to; may be repeated', collect)
    .option('--scope <scope>', 'what it may ask for; may be repeated', collect)
    .addOption(
      new Option('--provider <name>', 'whose people it signs in (default: the first provider)').conflicts(
        'client',
      ),
    )
    .option('--json', JSON_HELP)
    .action(async (options: NewClient) => (await import('../client.ts')).createClient(options))
  addList(client)
  addShow(client)
  addUpdate(client)
  addRotateSecret(client)
  addRevoke(client)
}

function addList(client: Command): void {
  client
    .command('list')
    .description('list the clients')
    .option('--json', JSON_HELP)
    .action(async (options: ClientOptions) => (await import('../client.ts')).listClients(options))
}

function addShow(client: Command): void {
  client
    .command('show <client_id>')
    .description('show a client')
    .option('--json', JSON_HELP)
    .action(async (id: string, options: ClientOptions) =>
      (await import('../client.ts')).showClient(id, options),
    )
}

function addUpdate(client: Command): void {
  client
    .command('update <client_id>')
    .description('change a client; each flag replaces all that was there before')
    .option('--name <name>', 'what people see when they are asked for consent')
    .option('--redirect-uri <uri>', 'where people come back to; may be repeated', collect)
    .option('--grant <grant_type>', 'how it gets tokens (authorization_code, …); may be repeated', collect)
    .option('--scope <scope>', 'what it may ask for; may be repeated', collect)
    .option('--json', JSON_HELP)
    .action(async (id: string, options: UpdateOptions) =>
      (await import('../client.ts')).changeClientRecord(id, options),
    )
}

function addRotateSecret(client: Command): void {
  client
    .command('rotate-secret <client_id>')
    .description('give a client another secret; the one before works for a while yet')
    .option('--overlap <time>', 'how long it does: 30m, 12h; 0 ends it at once (default: 1d)', parseTime)
    .option('--json', JSON_HELP)
    .action(async (id: string, options: RotateOptions) =>
      (await import('../client.ts')).rotateClientSecret(id, options),
    )
}

function addRevoke(client: Command): void {
  client
    .command('revoke <client_id>')
    .description('end a client and every token that it was given, at once')
    .option('--json', JSON_HELP)
    .action(async (id: string, options: ClientOptions) =>
      (await import('../client.ts')).revokeClient(id, options),
    )
}
