import type { TokenFunctions } from '../issuance/customize.ts'
import type { Config } from './config.ts'

/** Returns the functions that add to tokens. Their types were checked with all options. */
export const resolveTokenFunctions = ({ tokenClaims, tokenResponse }: Partial<Config>): TokenFunctions => ({
  tokenClaims,
  tokenResponse,
})
