import { apiRequest, CLIENT } from '../../floors/parts/requests.ts'
import { issueToken } from '../../floors/parts/tokens.ts'
import type { Target } from '../../target.ts'

/** Prepares requests with access tokens signed by this process, for peers that only guard. */
export const prepareGuard: Target['prepare'] = async (scenario, count) => {
  if (scenario !== 'guard') throw new Error('A guard issues no tokens')
  return Array.from({ length: count }, () => apiRequest(issueToken(CLIENT.scope)))
}
