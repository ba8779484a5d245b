import { checkPermission } from './check.ts'
import type { IssuanceContext } from './context.ts'
import { issueToClient } from './for-client.ts'
import type { Permission } from './permission.ts'
import { issuePersonal } from './personal.ts'
import { proceed } from './proceed.ts'
import type { TokenRequest, TokenResponse } from './response.ts'
import { start } from './start.ts'

/** The only place where tokens are made, written down and spoken of. */
export interface Issuance {
  /**
   * Makes the tokens of a permission. Undefined where a race was lost: what the permission rests on must be read again.
   * Throws `OAuthError` where nobody may permit this: see `checkPermission`.
   */
  issue(permission: Permission, request: TokenRequest): Promise<TokenResponse | undefined>
}

/** Makes the issuance of one server. */
export function createIssuance(context: IssuanceContext): Issuance {
  return {
    async issue(permission, request) {
      checkPermission(context, permission)
      if (permission.kind === 'client') return issueToClient(context, permission, request)
      if (permission.kind === 'personal') return issuePersonal(context, permission, request)
      if (permission.kind === 'start') return start(context, permission, request)
      return proceed(context, permission, request)
    },
  }
}
