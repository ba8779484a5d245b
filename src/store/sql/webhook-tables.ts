import type { TableDefinition } from './schema.ts'

/** The tables of webhooks. */
export const WEBHOOK_TABLES: Readonly<Record<`consulate_webhook_${string}`, TableDefinition>> = {
  consulate_webhook_deliveries: {
    columns: {
      id: 'serial',
      message_id: 'id',
      endpoint_id: 'id',
      event: 'id',
      body: 'json',
      state: 'id',
      attempts: 'count',
      due_at: 'time',
      claim_id: 'id?',
      created_at: 'time',
      finished_at: 'time?',
      status: 'count?',
      failure: 'text?',
    },
    // Finds what is due.
    indexes: [['endpoint_id', 'state', 'due_at']],
  },
  consulate_webhook_endpoints: {
    columns: { id: 'id', url: 'text', disabled_at: 'time' },
    primaryKey: ['id'],
  },
}
