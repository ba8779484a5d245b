import type { TableDefinition } from './schema.ts'

/** The table of the fourteenth migration: jobs that one node does at a time. */
export const LEASES: TableDefinition = {
  columns: { name: 'id', holder: 'id?', version: 'count', state: 'text?' },
  primaryKey: ['name'],
}

/** The table of the fifteenth migration: messages between nodes. */
export const MESSAGES: TableDefinition = { columns: { id: 'serial', message: 'text' } }
