import type { UserRecord } from '../store/contract.ts'
import { dim, table } from './output.ts'

/** A person for scripts. */
export const userJson = (user: UserRecord): Readonly<Record<string, unknown>> => ({
  id: user.id,
  email: user.email,
  name: user.name,
  created_at: new Date(user.createdAt).toISOString(),
  disabled_at: user.disabledAt && new Date(user.disabledAt).toISOString(),
})

/** A person for people, a line for each thing that there is to know. */
export const userLines = (user: UserRecord): readonly string[] =>
  table([
    ['id', user.id],
    ['email', user.email],
    ['name', user.name],
    ['created', new Date(user.createdAt).toISOString()],
    ...(user.disabledAt === null ? [] : [['disabled', new Date(user.disabledAt).toISOString()]]),
  ])

/** People for people, a line for each; disabled ones are dim. */
export function userTable(users: readonly UserRecord[]): readonly string[] {
  const rows = users.map((user) => [user.id, user.email, user.name, stateOf(user)])
  const [head = '', ...lines] = table([['id', 'email', 'name', ''], ...rows])
  return [dim(head), ...lines.map((line, index) => (users[index]?.disabledAt ? dim(line) : line))]
}

const stateOf = ({ disabledAt }: UserRecord): string =>
  disabledAt === null ? '' : `disabled ${new Date(disabledAt).toISOString()}`
