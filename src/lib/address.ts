import { isIPv4 } from 'node:net'
import ipaddr from 'ipaddr.js'

/** Proxies whose `X-Forwarded-For` is believed: addresses or CIDR ranges. */
export type TrustedProxies = readonly string[]

/** More proxies than anybody has behind one another; to look at each costs time. */
const MOST_HOPS = 32

/** Whether a text is an address or a CIDR range. */
export const isAddressRange = (text: string): boolean => ipaddr.isValid(text) || ipaddr.isValidCIDR(text)

/** Whether a host name is a loopback address or `localhost`. */
export const isLoopbackHost = (host: string): boolean =>
  host === 'localhost' || (ipaddr.isValid(bare(host)) && ipaddr.process(bare(host)).range() === 'loopback')

/**
 * The address a request came from: the peer's, or, behind proxies that the configuration trusts, the last one in
 * `X-Forwarded-For` that is not such a proxy. What stands left of it could be anybody's invention.
 */
export function clientAddress(peer: string, forwardedFor: string | null, trusted: TrustedProxies): string {
  let client = normalize(peer)
  let rest = forwardedFor
  // From the right and no further than needed: to parse all that a client invents would cost most of a second.
  for (let hops = 0; rest && hops < MOST_HOPS && isTrusted(client, trusted); hops += 1) {
    const comma = rest.lastIndexOf(',')
    const hop = normalize(rest.slice(comma + 1).trim())
    if (!ipaddr.isValid(hop)) return client
    client = hop
    rest = rest.slice(0, Math.max(comma, 0))
  }
  return client
}

const isTrusted = (address: string, trusted: TrustedProxies): boolean =>
  trusted.length > 0 && ipaddr.isValid(address) && trusted.some((range) => isWithin(address, range))

/** What failures are counted under: an IPv4 address, or the /64 of an IPv6 one, which one household or host owns. */
export function addressGroup(address: string): string {
  if (!ipaddr.isValid(address)) return address
  const parsed = ipaddr.process(address)
  if (!(parsed instanceof ipaddr.IPv6)) return parsed.toString()
  return `${parsed.parts
    .slice(0, 4)
    .map((part) => part.toString(16))
    .join(':')}::/64`
}

/** Without the brackets of a URL's IPv6 host, and without the port that some proxies append. */
const bare = (host: string): string => host.replace(/^\[(.*)\](?::\d+)?$|^([\d.]+):\d+$/, '$1$2')

function normalize(address: string): string {
  // What nearly every request comes from is told apart here: parsing costs a hundred times as much.
  const unmapped = address.startsWith('::ffff:') ? address.slice(7) : address
  if (isIPv4(unmapped)) return unmapped
  return ipaddr.isValid(bare(address)) ? ipaddr.process(bare(address)).toString() : address
}

function isWithin(address: string, range: string): boolean {
  const candidate = ipaddr.process(address)
  const [network, bits] = ipaddr.isValidCIDR(range)
    ? ipaddr.parseCIDR(range)
    : [ipaddr.process(range), range.includes(':') ? 128 : 32]
  if (candidate instanceof ipaddr.IPv4)
    return network instanceof ipaddr.IPv4 && candidate.match(network, bits)
  return network instanceof ipaddr.IPv6 && candidate.match(network, bits)
}
