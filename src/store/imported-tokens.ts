import type { ImportedToken } from '../model/imported-token.ts'

/** Machine tokens that another server issued before a migration. */
export interface ImportedTokenStore {
  /** Inserts a token, unless its ID is taken. Durable. Returns whether it did. */
  insert(token: ImportedToken): Promise<boolean>
  /** Finds a token, even an expired one. Called once for each token that a guard has not seen yet. */
  find(id: string): Promise<ImportedToken | undefined>
}
