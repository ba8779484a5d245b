import { isLoopbackHost } from '../../lib/address.ts'
import { ok, problem, warning, type Finding } from './finding.ts'
import type { CheckContext } from './context.ts'

/**
 * Checks which proxies are trusted. With too few, all requests seem to come from the proxy, and one attacker who guesses
 * passwords locks everyone out. With too many, an attacker makes up a new address for each guess.
 */
export function checkProxy(context: CheckContext): readonly Finding[] {
  const { settings, isFromEnvironment, config } = context
  if (!settings || !URL.canParse(config.issuer)) return []
  const { trustedProxies } = settings
  const option = isFromEnvironment ? 'CONSULATE_TRUSTED_PROXIES' : 'trustedProxies'
  const fix = `Set ${option} to the addresses of your proxies, such as 127.0.0.1 or 10.0.0.0/8.`
  const everyAddress = trustedProxies.filter((range) => /\/0+$/.test(range))
  if (everyAddress.length > 0) return [problem(`${everyAddress.join(', ')} trusts every address`, fix)]
  if (trustedProxies.length > 0) return [ok(`trusts ${trustedProxies.join(', ')}`)]
  return withoutProxies(context, fix)
}

function withoutProxies(context: CheckContext, fix: string): readonly Finding[] {
  const { config, environment, isFromEnvironment } = context
  const { protocol, hostname } = new URL(config.issuer)
  if (isLoopbackHost(hostname)) return []
  // `consulate serve` speaks http only, so with an https issuer there is a proxy.
  if (isFromEnvironment && protocol === 'https:') {
    const host = environment['HOST'] || '127.0.0.1'
    return [problem(`https ends at a proxy in front of ${host}, but no proxy is trusted`, fix)]
  }
  return [warning('no proxy is trusted. That is correct only if clients connect directly', fix)]
}
