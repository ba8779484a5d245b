import type { Integer, Serial } from './columns.ts'
import type { TableDefinition } from './table-definition.ts'

/** The table of the fourteenth migration: jobs that one node does at a time. */
export const LEASES: TableDefinition = {
  columns: { name: 'id', holder: 'id?', version: 'count', state: 'text?' },
  primaryKey: ['name'],
}

/** The table of the fifteenth migration: messages between nodes. */
export const MESSAGES: TableDefinition = { columns: { id: 'serial', message: 'text' } }

/** `consulate_leases`: jobs that one node does at a time. */
export interface LeaseTable {
  name: string
  holder: string | null
  version: Integer
  state: string | null
}

/** `consulate_messages`: messages between nodes. */
export interface MessageTable {
  id: Serial
  message: string
}
