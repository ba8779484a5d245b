import { Option, type Command } from 'commander'
import type { CreateFlags, UpdateFlags } from '../client-flags.ts'
import type { ClientOptions, ListClientsOptions, RotateOptions } from '../client.ts'
import type { InteractiveOptions } from '../interactive.ts'
import { collect, collectRedirectUris, JSON_HELP, parseDurationFlag, YES_HELP } from './flags.ts'

/** Adds `consulate client` and its commands. */
export function addClient(program: Command): void {
  const client = program
    .command('client')
    .description('Register and manage clients (interactive if flags are omitted)')
  addCreate(client)
  addList(client)
  addShow(client)
  addUpdate(client)
  addRotateSecret(client)
  addRevoke(client)
}

function addCreate(client: Command): void {
  const create = client
    .command('create')
    .description('Register a client: a web application by default')
    .optionsGroup('Application type:')
    .addOption(flag('--public', 'single-page or mobile app: no secret, uses PKCE', ['machine', 'service']))
    .addOption(
      flag('--machine', 'calls APIs as itself (client credentials)', [
        ...USER_FLAGS,
        'device',
        'service',
        'password',
        'implicit',
        'endWithSession',
      ]),
    )
    .addOption(flag('--device', 'TV or command-line tool, shows a code', ['service', 'implicit']))
    .addOption(
      flag('--service', 'API that checks tokens; follows revocations unless --introspect', [
        ...USER_FLAGS,
        'password',
        'implicit',
        'scope',
      ]),
    )
    .addOption(
      flag('--password', 'legacy: app with its own sign-in form', ['implicit', 'thirdParty', 'owner']),
    )
    .option('--implicit', 'legacy: app that receives tokens in its URL')
    .optionsGroup('Options:')
    .option('--name <name>', 'name on the consent page')
    .option('--redirect-uri <uri>', REDIRECT_URI_HELP, collectRedirectUris)
    .option('--scope <scope>', 'scope it may request; repeatable (default: all, none for a machine)', collect)
    .option('--provider <name>', 'user provider whose users sign in (default: the first)')
    .option('--third-party', 'made by someone else: users always see the consent page')
    .option('--owner <user>', 'user who registered it, by ID or email; implies --third-party')
  addSettings(create)
    .option('--json', JSON_HELP)
    .action(async (flags: CreateFlags) => (await import('../client.ts')).createClient(flags))
}

/** Flags that make sense only if users sign in to the client. */
const USER_FLAGS = ['redirectUri', 'provider', 'thirdParty', 'owner', 'skipConsent'] as const

const REDIRECT_URI_HELP = 'exact redirect URI; repeatable, or several separated by commas'

const flag = (flags: string, description: string, conflicts: string[]): Option =>
  new Option(flags, description).conflicts(conflicts)

/** Adds the options that `create` and `update` share. */
const addSettings = (command: Command): Command =>
  command
    .option('--skip-consent', 'never show the consent page; first-party clients only')
    .option('--require-pkce', 'require PKCE although the client has a secret')
    .option('--end-with-session', 'revoke its tokens at sign-out (default: for first-party clients)')
    .option('--no-end-with-session', 'keep its tokens at sign-out')
    .option('--follow-revocations', 'let it read the revocation feed')
    .option('--introspect', 'let it introspect tokens (RFC 7662)')
    .addOption(
      new Option(
        '--grace-window <time>',
        'how long a rotated refresh token may be repeated: 30s, 0',
      ).argParser(parseDurationOrDefault),
    )
    .option('--field <name=value>', 'field of your own (clientFields); repeatable; empty to remove', collect)
    .optionsGroup('Lifetimes:')
    .addOption(
      lifetimeFlag('--access-token-lifetime <time>', 'lifetime of access tokens of every grant: 5m, default'),
    )
    .addOption(
      lifetimeFlag('--refresh-token-lifetime <time>', 'lifetime of unused refresh tokens: 30d, default'),
    )
    .addOption(
      lifetimeFlag(
        '--refresh-token-maximum-lifetime <time>',
        'how long after the sign-in refreshes are possible: 1y, default',
      ),
    )
    .optionsGroup('Consent page:')
    .option('--publisher <name>', 'company or person behind the client')
    .option('--logo <image>', 'image file, path on this server (/logos/shop.png) or data: URI')
    .option('--homepage <url>', 'website')
    .option('--privacy <url>', 'privacy policy')
    .option('--terms <url>', 'terms of service')
    .optionsGroup('Options:')

const parseDurationOrDefault = (text: string) => (text === 'default' ? text : parseDurationFlag(text))

const lifetimeFlag = (flags: string, description: string): Option =>
  new Option(flags, description).argParser(parseDurationOrDefault)

function addList(client: Command): void {
  client
    .command('list')
    .description('List clients')
    .option('--owner <user>', 'only those that this user registered, by ID or email')
    .option('--json', JSON_HELP)
    .action(async (options: ListClientsOptions) => (await import('../client.ts')).listClients(options))
}

function addShow(client: Command): void {
  client
    .command('show <client_id>')
    .description('Show a client')
    .option('--json', JSON_HELP)
    .action(async (id: string, options: ClientOptions) =>
      (await import('../client.ts')).showClient(id, options),
    )
}

function addUpdate(client: Command): void {
  const update = client
    .command('update <client_id>')
    .description('Change a client; omitted flags stay as they are')
    .option('--name <name>', 'name on the consent page')
    .option('--redirect-uri <uri>', `${REDIRECT_URI_HELP}; replaces all`, collectRedirectUris)
    .option('--grant <grant_type>', 'grant type it may use; repeatable; replaces all', collect)
    .option('--scope <scope>', 'scope it may request; repeatable; replaces all', collect)
    .addOption(flag('--all-scopes', 'let it request all scopes', ['scope']))
  addSettings(update)
    .option('--no-skip-consent', 'show the consent page')
    .option('--no-require-pkce', 'do not require PKCE of a client with a secret')
    .option('--no-follow-revocations', 'do not let it read the revocation feed')
    .option('--no-introspect', 'do not let it introspect tokens')
    .optionsGroup('Consent page:')
    .option('--no-publisher', 'remove the publisher')
    .option('--no-logo', 'remove the logo')
    .option('--no-homepage', 'remove the website')
    .option('--no-privacy', 'remove the privacy policy')
    .option('--no-terms', 'remove the terms of service')
    .optionsGroup('Options:')
    .option('--json', JSON_HELP)
    .action(async (id: string, flags: UpdateFlags) => (await import('../client.ts')).changeClient(id, flags))
}

function addRotateSecret(client: Command): void {
  client
    .command('rotate-secret <client_id>')
    .description('Create a new client secret; the old one works a while longer')
    .option('--overlap <time>', 'how long the old one works: 30m, 12h, 0 (default: 1d)', parseDurationFlag)
    .option('--json', JSON_HELP)
    .action(async (id: string, options: RotateOptions) =>
      (await import('../client.ts')).rotateClientSecret(id, options),
    )
}

function addRevoke(client: Command): void {
  client
    .command('revoke <client_id>')
    .description('Revoke a client and all its tokens')
    .option('--yes', YES_HELP)
    .option('--json', JSON_HELP)
    .action(async (id: string, options: InteractiveOptions) =>
      (await import('../client.ts')).revokeClient(id, options),
    )
}
