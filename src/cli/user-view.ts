import type { UserRecord } from '../store/contract.ts'
import { dim, fields, table } from './output.ts'

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
  fields([
    ['id', user.id],
    ['email', user.email],
    ['name', user.name],
    ['created', new Date(user.createdAt).toISOString()],
    ...(user.disabledAt === null ? [] : [['disabled', new Date(user.disabledAt).toISOString()] as const]),
  ])

/** People for people, a line for each; disabled ones are dim. */
export function userTable(users: readonly UserRecord[]): readonly string[] {
  const rows = users.map((user) => [user.id, user.email, user.name, stateOf(user)])
  const style = (line: string, row: number): string => (users[row]?.disabledAt ? dim(line) : line)
  return table(['id', 'email', 'name', ''], rows, style)
}

const stateOf = ({ disabledAt }: UserRecord): string =>
  disabledAt === null ? '' : `disabled ${new Date(disabledAt).toISOString()}`
