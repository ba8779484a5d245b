import { describe, expect, test } from 'vitest'
import { addressGroup, clientAddress, isAddressRange, isLoopbackHost } from '../../src/lib/address.ts'

const PROXIES = ['10.0.0.0/8', '2001:db8:ffff::/48', '192.0.2.7']

describe('clientAddress', () => {
  test('the peer is the client if no proxy is trusted, whatever the header says', () => {
    expect(clientAddress('203.0.113.9', '198.51.100.1', [])).toBe('203.0.113.9')
  })

  test('the header of a peer that is not a trusted proxy is ignored', () => {
    expect(clientAddress('203.0.113.9', '198.51.100.1', PROXIES)).toBe('203.0.113.9')
  })

  test('behind a trusted proxy the client is the hop that the proxy added', () => {
    expect(clientAddress('10.1.1.1', '198.51.100.1', PROXIES)).toBe('198.51.100.1')
    expect(clientAddress('192.0.2.7', '198.51.100.1', PROXIES)).toBe('198.51.100.1')
  })

  test('hops to the left of the first untrusted one are ignored', () => {
    expect(clientAddress('10.1.1.1', '127.0.0.1, 10.9.9.9, 198.51.100.1, 10.2.2.2', PROXIES)).toBe(
      '198.51.100.1',
    )
  })

  test('a chain of only trusted proxies gives its far end', () => {
    expect(clientAddress('10.1.1.1', '10.3.3.3, 10.2.2.2', PROXIES)).toBe('10.3.3.3')
  })

  test.each(['garbage', '', ',', '1.2.3.4.5', '<script>', '10.0.0.1/8', '::1::', 'unknown'])(
    'garbage in the header (%j) leaves the last hop that a trusted proxy vouched for',
    (header) => expect(clientAddress('10.1.1.1', header, PROXIES)).toBe('10.1.1.1'),
  )

  test("garbage to the left of the client's address changes nothing", () => {
    expect(clientAddress('10.1.1.1', 'garbage, 198.51.100.1', PROXIES)).toBe('198.51.100.1')
  })

  test.each([',', 'x,', '10.0.0.1,', 'fd00::1, '])(
    'what the client invented is not even read: %j, sixteen thousand bytes of it',
    (piece) => {
      const header = `${piece.repeat(16_000 / piece.length)}198.51.100.1`
      const start = performance.now()
      for (let count = 0; count < 100; count += 1) {
        expect(clientAddress('10.1.1.1', header, PROXIES)).toBe('198.51.100.1')
      }
      // To read all of it once takes 100 to 700 ms, so a hundred times would take at least ten seconds.
      expect(performance.now() - start).toBeLessThan(5_000)
    },
  )

  test('IPv4-mapped IPv6 is the IPv4 address, for peers, hops and proxies', () => {
    expect(clientAddress('::ffff:203.0.113.9', null, [])).toBe('203.0.113.9')
    expect(clientAddress('::ffff:10.1.1.1', '::ffff:198.51.100.1', PROXIES)).toBe('198.51.100.1')
    expect(clientAddress('10.0.0.1', '198.51.100.1', ['::ffff:10.0.0.1'])).toBe('198.51.100.1')
    expect(clientAddress('10.0.0.2', '198.51.100.1', ['::ffff:10.0.0.1'])).toBe('10.0.0.2')
  })

  test('each IPv6 address has one spelling', () => {
    expect(clientAddress('2001:DB8:0:0::1', null, [])).toBe('2001:db8::1')
    expect(clientAddress('2001:db8:ffff::1', '[2001:DB8:0::2]', PROXIES)).toBe('2001:db8::2')
  })

  test('a port that the proxy appended is ignored', () => {
    expect(clientAddress('10.1.1.1', '198.51.100.1:50123', PROXIES)).toBe('198.51.100.1')
    expect(clientAddress('10.1.1.1', '[2001:db8::2]:443', PROXIES)).toBe('2001:db8::2')
  })

  test('an IPv6 address is never within an IPv4 range', () => {
    expect(clientAddress('2001:db8::1', '198.51.100.1', ['0.0.0.0/0'])).toBe('2001:db8::1')
  })

  test('looks at no more than 32 hops, to limit the cost of a request', () => {
    const hops = (count: number) =>
      ['198.51.100.1', ...Array.from({ length: count }, () => '10.2.2.2')].join()
    expect(clientAddress('10.1.1.1', hops(31), PROXIES)).toBe('198.51.100.1')
    expect(clientAddress('10.1.1.1', hops(32), PROXIES)).toBe('10.2.2.2')
  })
})

describe('addressGroup', () => {
  test('an IPv6 /64 is one group', () => {
    expect(addressGroup('2001:db8:1:2:aaaa::1')).toBe(addressGroup('2001:db8:1:2:ffff:ffff:ffff:ffff'))
    expect(addressGroup('2001:db8:1:2::1')).not.toBe(addressGroup('2001:db8:1:3::1'))
  })

  test('each IPv4 address is its own group, mapped into IPv6 or not', () => {
    expect(addressGroup('::ffff:203.0.113.9')).toBe('203.0.113.9')
    expect(addressGroup('::ffff:203.0.113.9')).not.toBe(addressGroup('::ffff:203.0.113.10'))
  })

  test('an invalid address is its own group', () => {
    expect(addressGroup('')).toBe('')
    expect(addressGroup('unix')).toBe('unix')
  })
})

describe('isLoopbackHost', () => {
  test.each(['localhost', '127.0.0.1', '127.9.9.9', '::1', '[::1]', '[::ffff:7f00:1]'])(
    '%s is loopback',
    (host) => expect(isLoopbackHost(host)).toBe(true),
  )

  test.each([
    'localhost.evil.example',
    'localhost.',
    '127.0.0.1.evil.example',
    '128.0.0.1',
    '0.0.0.0',
    '[::]',
    '[::2]',
    '[127.0.0.1',
    '',
  ])('%j is not loopback', (host) => expect(isLoopbackHost(host)).toBe(false))
})

test('a range is an address or a CIDR block', () => {
  for (const text of ['10.0.0.1', '10.0.0.0/8', '2001:db8::/32', '::1'])
    expect(isAddressRange(text)).toBe(true)
  for (const text of ['', 'proxy.example', '10.0.0.0/33', '::/129']) expect(isAddressRange(text)).toBe(false)
})
