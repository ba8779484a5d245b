import { CompiledQuery } from 'kysely'

/**
 * MariaDB can run a whole transaction as one prepared statement. `begin` starts it. A handler in it could not roll it back when
 * the query is killed, so an error ends the connection, and with it the transaction.
 */
export function createCompoundTransactions(
  begin: readonly string[],
): (first: CompiledQuery, then: CompiledQuery) => CompiledQuery {
  const compiled = new WeakMap<object, string>()
  return (first, then) => {
    const statement = compiled.get(first.query) ?? compile(begin, first.sql, then.sql)
    compiled.set(first.query, statement)
    return CompiledQuery.raw(statement, [...first.parameters, ...then.parameters])
  }
}

const compile = (begin: readonly string[], first: string, then: string): string => `begin not atomic
  ${begin.join('; ')};
  ${first};
  if row_count() = 1 then
    ${then};
  end if;
  commit;
end`
