import type { ListOptions } from './list-options.ts'

/** A built-in user, as stored. */
export interface UserRecord {
  readonly id: string
  /** Lower case and unique. */
  readonly email: string
  readonly name: string
  /** A PHC string (`$argon2id$…`). */
  readonly passwordHash: string
  readonly createdAt: number
  readonly disabledAt: number | null
}

/** Built-in users. Not used if every provider has a user directory of its own. */
export interface UserStore {
  /** Inserts a user. Durable. Returns false if the email is taken. Throws if the id is taken. */
  insert(user: UserRecord): Promise<boolean>
  find(id: string): Promise<UserRecord | undefined>
  findByEmail(email: string): Promise<UserRecord | undefined>
  /** Lists users by ascending id. */
  list(options?: ListOptions): Promise<readonly UserRecord[]>
  /** Changes a user. Durable. Returns false if there is none with this id. */
  update(
    id: string,
    changes: Partial<Pick<UserRecord, 'name' | 'passwordHash' | 'disabledAt'>>,
  ): Promise<boolean>
  /** Replaces a password hash only if it is still `from`. Returns whether it did. */
  replacePasswordHash(id: string, from: string, to: string): Promise<boolean>
}
