import { ConfigError } from '../../errors.ts'
import { databaseExists } from '../project.ts'
import { ok, problem, reasonOf, type Finding } from './finding.ts'
import type { CheckContext } from './context.ts'

/** Whether the database answers, has the tables of this version, and can be written to. */
export async function checkDatabase(context: CheckContext): Promise<readonly Finding[]> {
  const { store } = context
  const name = store.file ?? 'the database'
  if (!databaseExists(context)) return [problem(`there is no ${name}`, 'consulate install')]
  try {
    const pending = await store.pendingMigrations()
    if (pending.length > 0)
      return [problem(`${name} lacks tables or changes: ${pending.join(', ')}`, 'consulate migrate')]
  } catch (cause) {
    if (cause instanceof ConfigError)
      return cause.problems.map(({ message }) => problem(`${name} cannot be used: ${message}`, LATER))
    return [problem(`${name} does not answer: ${reasonOf(cause)}`, UNREACHABLE)]
  }
  return [(await writeProblem(context, name)) ?? ok(`${name} is up to date and can be written to`)]
}

const LATER = 'run the version that changed it last'
const UNREACHABLE = 'see that it is there, whole and not locked, and that this account may open it'

/** Changes nobody: there is no person without an id. What it needs is what every write needs. */
async function writeProblem({ store }: CheckContext, name: string): Promise<Finding | undefined> {
  try {
    await store.users.update('', { name: '' })
    return undefined
  } catch (cause) {
    const mend = 'see who holds a lock on it, and that disk and account allow to write'
    return problem(`${name} cannot be written to: ${reasonOf(cause)}`, mend)
  }
}
