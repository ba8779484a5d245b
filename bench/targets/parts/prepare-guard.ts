import { apiRequest, CLIENT } from '../../floors/parts/requests.ts'
import { issueToken } from '../../floors/parts/tokens.ts'
import type { Target } from '../../target.ts'

/** Requests with access tokens signed by this process's key, for peers that guard and nothing else. */
export const prepareGuard: Target['prepare'] = async (scenario, count) => {
  if (scenario !== 'guard') throw new Error('a guard gives out no tokens')
  return Array.from({ length: count }, () => apiRequest(issueToken(CLIENT.scope)))
}
