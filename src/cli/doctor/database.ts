import { ConfigError } from '../../errors.ts'
import { displayPath } from '../config-error.ts'
import { databaseExists } from '../project.ts'
import { ok, problem, reasonOf, type Finding } from './finding.ts'
import type { CheckContext } from './context.ts'

/** Checks that the database answers, has the tables of this version, and can be written to. */
export async function checkDatabase(context: CheckContext): Promise<readonly Finding[]> {
  const { store } = context
  const name = store.file === undefined ? 'the database' : displayPath(store.file)
  if (!databaseExists(context)) return [problem(`${name} does not exist`, 'Run `consulate install`.')]
  try {
    const pending = await store.pendingMigrations()
    if (pending.length > 0)
      return [problem(`migrations are pending (${pending.join(', ')})`, 'Run `consulate migrate`.')]
  } catch (cause) {
    if (cause instanceof ConfigError)
      return cause.problems.map(({ message }) => problem(message, 'Run the later version again.'))
    return [
      problem(
        `${name} cannot be read: ${reasonOf(cause)}`,
        store.file === undefined ? UNREACHABLE : UNREADABLE,
      ),
    ]
  }
  return [(await writeProblem(context, name)) ?? ok(`${name} is up to date and writable`)]
}

const UNREADABLE = 'Check that it exists, is not corrupt or locked, and that this account may open it.'
const UNREACHABLE =
  'Check that its server runs, and the host, port, user, password, TLS, database and permissions that you have set.'
const UNWRITABLE = 'Check which process holds a lock, and that the disk and the permissions allow writes.'

/** Updates a user that cannot exist: that needs what every write needs, and changes nothing. */
async function writeProblem({ store }: CheckContext, name: string): Promise<Finding | undefined> {
  try {
    await store.users.update('', { name: '' })
    return undefined
  } catch (cause) {
    return problem(`${name} cannot be written to: ${reasonOf(cause)}`, UNWRITABLE)
  }
}
