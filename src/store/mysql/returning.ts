import {
  createQueryId,
  InsertQueryNode,
  OnDuplicateKeyNode,
  RawNode,
  ReferenceNode,
  ReturningNode,
  SelectionNode,
  SelectModifierNode,
  SelectQueryNode,
  TableNode,
  UpdateQueryNode,
} from 'kysely'
import type { ColumnUpdateNode, CompiledQuery, OperationNode, QueryCompiler } from 'kysely'

/**
 * MariaDB has no `update … returning`. Its `insert … on duplicate key update … returning` can do the same, in one statement: it
 * selects the row with the conditions of the update, locked and as it is now, and inserts it again, which updates it. The table
 * must have no other unique key. It returns the columns of `select`.
 */
export function createReturningUpdates(
  compiler: QueryCompiler,
): <Row>(update: CompiledQuery<Row>, select: CompiledQuery<Row>) => CompiledQuery<Row> {
  const compiled = new WeakMap<object, (parameters: readonly unknown[]) => CompiledQuery>()
  return <Row>({ query, parameters }: CompiledQuery<Row>, select: CompiledQuery<Row>) => {
    if (!UpdateQueryNode.is(query)) throw new Error('Only updates can be changed into inserts')
    const withParameters = compiled.get(query) ?? compile(compiler, query, selectionsOf(select))
    compiled.set(query, withParameters)
    return withParameters(parameters)
  }
}

/** The parameters are those of the update, in another order. */
function compile(
  compiler: QueryCompiler,
  update: UpdateQueryNode,
  selections: readonly SelectionNode[],
): (parameters: readonly unknown[]) => CompiledQuery {
  const before = compiler.compileQuery(update, createQueryId()).parameters
  const after = compiler.compileQuery(toInsert(update, selections), createQueryId())
  const positions = after.parameters.map((parameter) => before.indexOf(parameter))
  return (parameters) => ({ ...after, parameters: positions.map((position) => parameters[position]) })
}

const selectionsOf = ({ query }: CompiledQuery): readonly SelectionNode[] =>
  (SelectQueryNode.is(query) && query.selections) || []

function toInsert(
  { table, where, updates = [] }: UpdateQueryNode,
  selections: readonly SelectionNode[],
): InsertQueryNode {
  if (!table || !TableNode.is(table) || !where) throw new Error('The update needs one table, and conditions')
  const current: SelectQueryNode = {
    ...SelectQueryNode.createFrom([table]),
    selections: [SelectionNode.createSelectAll()],
    where,
    endModifiers: [SelectModifierNode.create('ForUpdate')],
  }
  return {
    ...InsertQueryNode.create(table),
    values: current,
    onDuplicateKey: OnDuplicateKeyNode.create(updates.map(toColumnUpdate)),
    returning: ReturningNode.create(selections),
  }
}

const toColumnUpdate = (update: ColumnUpdateNode): ColumnUpdateNode => ({
  ...update,
  value: withSelectedValues(update.value),
})

/** A column alone is ambiguous here. `values(column)` is that of the row that was selected. */
function withSelectedValues<Node extends OperationNode>(node: Node): Node {
  if (ReferenceNode.is(node)) return RawNode.create(['values(', ')'], [node]) as OperationNode as Node
  const entries = Object.entries(node).map(
    ([key, child]: [string, unknown]) => [key, mapNodes(child)] as const,
  )
  return Object.fromEntries(entries) as unknown as Node
}

function mapNodes(child: unknown): unknown {
  if (Array.isArray(child)) return child.map(mapNodes)
  const isNode = typeof child === 'object' && child !== null && 'kind' in child
  return isNode ? withSelectedValues(child as OperationNode) : child
}
