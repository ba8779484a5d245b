import type { Command } from 'commander'
import type { ListWebhooksFlags, ReplayFlags } from '../webhook.ts'
import { JSON_HELP, parseNumber } from './flags.ts'

const ENDPOINT_HELP = 'only those of this endpoint'

/** Adds `consulate webhook` and its commands. */
export function addWebhook(program: Command): void {
  const webhook = program.command('webhook').description('Manage webhooks')
  webhook
    .command('list')
    .description('List endpoints, or messages, newest first')
    .option('--deliveries', 'list messages')
    .option('--failed', 'list messages that failed')
    .option('--endpoint <endpoint_id>', ENDPOINT_HELP)
    .option('--limit <number>', 'maximum number of messages (default: 100)', parseNumber)
    .option('--json', JSON_HELP)
    .action(async (flags: ListWebhooksFlags) => (await import('../webhook.ts')).listWebhooks(flags))
  webhook
    .command('test <endpoint_id>')
    .description('Send a signed test message now, and show the answer. Enables a disabled endpoint')
    .option('--json', JSON_HELP)
    .action(async (id: string, options: { readonly json?: boolean }) =>
      (await import('../webhook.ts')).testWebhook(id, options),
    )
  webhook
    .command('replay [delivery_id]')
    .description('Send a message again, or all that failed')
    .option('--failed', 'all messages that failed; requires --since')
    .option('--since <time>', 'messages from this time on: 30m, 12h, 7d, or 2026-12-31T23:59Z')
    .option('--endpoint <endpoint_id>', ENDPOINT_HELP)
    .option('--json', JSON_HELP)
    .action(async (id: string | undefined, flags: ReplayFlags) =>
      (await import('../webhook.ts')).replayWebhooks(id, flags),
    )
}
