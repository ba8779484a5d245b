import { isLoopbackHost } from '../../lib/address.ts'
import { ok, problem, warning, type Finding } from './finding.ts'
import type { CheckContext } from './context.ts'

/**
 * Whether the proxies in front are known. Where they are not, all requests seem to come from them, and one who guesses
 * passwords shuts everybody out; where everybody is one, whoever guesses invents another address each time.
 */
export function checkProxy(context: CheckContext): readonly Finding[] {
  const { settings, isFromEnvironment, config } = context
  if (!settings || !URL.canParse(config.issuer)) return []
  const { trustedProxies } = settings
  const option = isFromEnvironment ? 'CONSULATE_TRUSTED_PROXIES' : 'trustedProxies'
  const name = `name the addresses of the proxies in ${option}, such as 127.0.0.1 or 10.0.0.0/8`
  const everybody = trustedProxies.filter((range) => /\/0+$/.test(range))
  if (everybody.length > 0) return [problem(`${everybody.join(', ')} trusts everybody as a proxy`, name)]
  if (trustedProxies.length > 0) return [ok(`trusts the proxies ${trustedProxies.join(', ')}`)]
  return withoutProxies(context, name)
}

function withoutProxies(
  { config, environment, isFromEnvironment }: CheckContext,
  name: string,
): readonly Finding[] {
  const { protocol, hostname } = new URL(config.issuer)
  if (isLoopbackHost(hostname)) return []
  // `consulate serve` speaks http: whoever reaches it by https has come through something in front of it.
  if (isFromEnvironment && protocol === 'https:') {
    const host = environment['HOST'] || '127.0.0.1'
    return [problem(`https ends at a proxy in front of ${host}, and no proxy is trusted`, name)]
  }
  return [warning('no proxy is trusted: right only if nothing stands in front of the server', name)]
}
