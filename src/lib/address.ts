import { isIPv4 } from 'node:net'
import ipaddr from 'ipaddr.js'

/** The proxies whose `X-Forwarded-For` is trusted: addresses or CIDR ranges. */
export type TrustedProxies = readonly string[]

/** More proxies than any deployment has in a row. Parsing each one costs time. */
const MAX_HOPS = 32

export const isAddressRange = (text: string): boolean => ipaddr.isValid(text) || ipaddr.isValidCIDR(text)

export const isLoopbackHost = (host: string): boolean =>
  host === 'localhost' ||
  (ipaddr.isValid(withoutPort(host)) && ipaddr.process(withoutPort(host)).range() === 'loopback')

/**
 * Returns the address of the client: that of the peer or, if the peer is a trusted proxy, the last address in
 * `X-Forwarded-For` that is not one. A client can invent everything to the left of it.
 */
export function clientAddress(peer: string, forwardedFor: string | null, trusted: TrustedProxies): string {
  let client = normalize(peer)
  let rest = forwardedFor
  // From the right, and only as far as necessary: a client can send a header that takes a second to parse.
  for (let hops = 0; rest && hops < MAX_HOPS && isTrusted(client, trusted); hops += 1) {
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

/** Returns the key under which failures are counted: an IPv4 address, or an IPv6 /64, which one household or host owns. */
export function addressGroup(address: string): string {
  if (!ipaddr.isValid(address)) return address
  const parsed = ipaddr.process(address)
  if (!(parsed instanceof ipaddr.IPv6)) return parsed.toString()
  return `${parsed.parts
    .slice(0, 4)
    .map((part) => part.toString(16))
    .join(':')}::/64`
}

/** Removes the brackets of an IPv6 host, and the port that some proxies append. */
const withoutPort = (host: string): string => host.replace(/^\[(.*)\](?::\d+)?$|^([\d.]+):\d+$/, '$1$2')

function normalize(address: string): string {
  // The fast path of nearly every request: parsing takes a hundred times longer.
  const unmapped = address.startsWith('::ffff:') ? address.slice(7) : address
  if (isIPv4(unmapped)) return unmapped
  return ipaddr.isValid(withoutPort(address)) ? ipaddr.process(withoutPort(address)).toString() : address
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
