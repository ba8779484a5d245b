import { Kysely, SelectQueryNode, TableNode } from 'kysely'
import type { CompiledQuery, DatabaseConnection, Dialect, DialectAdapter, Driver } from 'kysely'
import type { Tables } from './tables.ts'

/** A database that records statements instead of running them. QueryRunner are answered by the real database. */
export interface Recorder {
  readonly db: Kysely<Tables>
  /** Adds a line of its own, such as a comment. */
  note(line: string): void
  /** Returns all that was recorded, as a script. */
  script(): string
}

/** Creates a recorder for a database and its dialect. */
export function createRecorder(real: Kysely<Tables>, dialect: Dialect): Recorder {
  const lines: string[] = []
  const record = (statement: string): void => void lines.push(`${statement};`)
  const connection = createConnection(real, record)
  const db = new Kysely<Tables>({
    dialect: {
      createDriver: () => createDriver(connection, record),
      createQueryCompiler: () => dialect.createQueryCompiler(),
      createAdapter: () => withoutLock(dialect.createAdapter()),
      createIntrospector: () => dialect.createIntrospector(real),
    },
  })
  return {
    db,
    note: (line) => void lines.push(line),
    script: () => lines.map((line) => `${line}\n`).join(''),
  }
}

function createConnection(real: Kysely<Tables>, record: (statement: string) => void): DatabaseConnection {
  return {
    async executeQuery<Row>(query: CompiledQuery) {
      if (!SelectQueryNode.is(query.query)) record(inlineParameters(query))
      else if (await hasTable(real, tableOf(query.query))) return real.executeQuery<Row>(query)
      return { rows: [] }
    },
    streamQuery() {
      throw new Error('Streaming is not supported')
    },
  }
}

function tableOf({ from }: SelectQueryNode): string | undefined {
  const [table] = from?.froms ?? []
  return table && TableNode.is(table) ? table.table.identifier.name : undefined
}

/** A table that was only recorded does not exist yet, so it has no rows. */
async function hasTable({ introspection }: Kysely<Tables>, table: string | undefined): Promise<boolean> {
  const tables = await introspection.getTables({ withInternalKyselyTables: true })
  return tables.some(({ name }) => name === table)
}

const createDriver = (connection: DatabaseConnection, record: (statement: string) => void): Driver => ({
  init: async () => undefined,
  acquireConnection: async () => connection,
  releaseConnection: async () => undefined,
  beginTransaction: async () => record('begin'),
  commitTransaction: async () => record('commit'),
  rollbackTransaction: async () => undefined,
  destroy: async () => undefined,
})

/** Nothing is changed, so nothing needs a lock. */
const withoutLock = (adapter: DialectAdapter): DialectAdapter =>
  Object.assign(Object.create(adapter) as DialectAdapter, {
    acquireMigrationLock: async () => undefined,
    releaseMigrationLock: async () => undefined,
  })

const inlineParameters = ({ sql, parameters }: CompiledQuery): string => {
  const values = parameters.values()
  return sql.replaceAll(/\?|\$\d+/g, () => literalOf(values.next().value))
}

function literalOf(value: unknown): string {
  if (typeof value === 'number') return String(value)
  if (typeof value === 'string') return `'${value.replaceAll("'", "''")}'`
  throw new TypeError(`A migration has a parameter of type ${typeof value}`)
}
