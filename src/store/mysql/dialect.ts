import { sql } from 'kysely'
import type { SqlDialect } from '../sql/dialect.ts'
import { isAfterRanges } from '../sql/key-order.ts'
import type { TableNames } from '../sql/table-names.ts'
import { createCompoundTransactions } from './compound.ts'
import { createCounters } from './counters.ts'
import { isMisconfigured, isRetryable, isUnavailable, isUniqueViolation } from './errors.ts'
import { createKyselyDialect } from './kysely.ts'
import { createMigrationRules } from './migrations.ts'
import { createConnections } from './pool.ts'
import type { PoolOptions } from './pool.ts'
import { createReturningUpdates } from './returning.ts'

/** Creates the dialect of MySQL and MariaDB. `begin` starts a READ COMMITTED transaction on a connection of the pool. */
export function createMysqlDialect(
  options: PoolOptions & { readonly begin: readonly string[] },
  names: TableNames,
): SqlDialect {
  const { begin, busyTimeout } = options
  const connections = createConnections(options)
  const transaction = { begin, end: [] }
  const kysely = createKyselyDialect(connections, names)
  const toReturning = createReturningUpdates(kysely.createQueryCompiler())
  const toTransaction = createCompoundTransactions(begin)
  return {
    kysely,
    pool: connections,
    background: { run: connections.runInBackground },
    types: {
      // Every collation that MySQL and MariaDB share ignores spaces at the end. Columns with different ones cannot be joined
      // by an index.
      id: 'varbinary(255)',
      key: 'varbinary(1020)',
      uri: 'varbinary(1500)',
      text: 'mediumtext',
      json: 'mediumtext',
      time: 'bigint',
      flag: 'tinyint',
      // An epoch can be a time.
      count: 'bigint',
      serial: 'bigint not null auto_increment primary key',
    },
    clauses: {
      // The only form that both have.
      forShare: 'lock in share mode',
      forUpdate: 'for update',
      // `insert ignore` would ignore other errors too.
      keepExisting: (column) => `on duplicate key update ${column} = ${column}`,
      isAfter: isAfterRanges,
      createTable: 'engine = InnoDB row_format = dynamic character set utf8mb4 collate utf8mb4_bin',
    },
    // Both flush each commit to disk, unless `innodb_flush_log_at_trx_commit` says otherwise for the whole server.
    hasUpdateReturning: false,
    hasWritableCtes: false,
    toReturning: (update, select) => (connections.isMariadb() ? toReturning(update, select) : undefined),
    toTransaction: (first, then) => (connections.isMariadb() ? toTransaction(first, then) : undefined),
    prependToJson,
    transactions: { durable: transaction, relaxed: transaction },
    migrations: createMigrationRules(names),
    counters: createCounters(names),
    busyTimeout,
    isUniqueViolation,
    isRetryable,
    isUnavailable,
    isMisconfigured,
  }
}

const prependToJson: SqlDialect['prependToJson'] = (column, element, maximum) => {
  const [array, tooMany] = [sql.ref(column), sql.lit(`$[${maximum}]`)]
  return sql`json_remove(concat('[', ${element}, if(${array} = '[]', '', ','), substr(${array}, 2)), ${tooMany})`
}
