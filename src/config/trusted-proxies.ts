import { isAddressRange } from '../lib/address.ts'
import type { Validator } from '../lib/validator.ts'

export function resolveTrustedProxies(proxies: readonly string[], validator: Validator): readonly string[] {
  for (const [index, proxy] of proxies.entries()) {
    if (!isAddressRange(proxy))
      validator.problem(
        `trustedProxies[${index}]`,
        "must be an IP address or a CIDR range, such as '10.0.0.0/8'",
      )
  }
  return proxies
}
