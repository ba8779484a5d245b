import type { Integer, NullableInteger, Serial } from './columns.ts'
import type { TableDefinition } from './table-definition.ts'

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

/** `consulate_webhook_deliveries`: one row for each message and endpoint. */
export interface WebhookDeliveryTable {
  id: Serial
  message_id: string
  endpoint_id: string
  event: string
  body: string
  state: string
  attempts: Integer
  due_at: Integer
  /** Random for each claim. Null until the first one. */
  claim_id: string | null
  created_at: Integer
  finished_at: NullableInteger
  status: NullableInteger
  failure: string | null
}

/** `consulate_webhook_endpoints`: those that are disabled. */
export interface WebhookEndpointTable {
  id: string
  url: string
  disabled_at: Integer
}
