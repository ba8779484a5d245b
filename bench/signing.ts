/** `node bench/signing.ts`: measures one signature, by algorithm and by node:crypto API. */
import { generateKeyPairSync, sign, webcrypto } from 'node:crypto'
import { canPin, pinThisProcess, SERVER_CORE } from './cores.ts'
import { toRaw } from './floors/parts/tokens.ts'

const COUNT = 3000
const ROUNDS = 5

/** The signed part of a JWT of typical length. */
const input = Buffer.from('x'.repeat(600))
const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
const { privateKey: edwards } = generateKeyPairSync('ed25519')
const { privateKey: rsa } = generateKeyPairSync('rsa', { modulusLength: 2048 })
const pem = privateKey.export({ type: 'pkcs8', format: 'pem' })
const raw = { key: privateKey, dsaEncoding: 'ieee-p1363' } as const
const ecdsa = { name: 'ECDSA', hash: 'SHA-256' }
const imported = privateKey.toCryptoKey({ name: 'ECDSA', namedCurve: 'P-256' }, false, ['sign'])

const ways: Readonly<Record<string, () => unknown>> = {
  'ES256, sync, DER converted to r and s': () => toRaw(sign('sha256', input, privateKey)),
  'ES256, sync, ieee-p1363': () => sign('sha256', input, raw),
  'ES256, sync, DER, from a PEM string': () => toRaw(sign('sha256', input, pem)),
  'ES256, thread pool, DER': () => new Promise((done) => sign('sha256', input, privateKey, done)),
  'ES256, WebCrypto': () => webcrypto.subtle.sign(ecdsa, imported, input),
  'EdDSA, sync': () => sign(null, input, edwards),
  'RS256 (2048), sync': () => sign('sha256', input, rsa),
}

/** CPU time per call in microseconds, all threads: the median of the rounds without the first. */
async function costOf(way: () => unknown): Promise<number> {
  const costs: number[] = []
  for (let round = 0; round <= ROUNDS; round++) {
    const before = process.cpuUsage()
    for (let call = 0; call < COUNT; call++) await way()
    const { user, system } = process.cpuUsage(before)
    costs.push((user + system) / COUNT)
  }
  return costs.slice(1).toSorted((a, b) => a - b)[Math.floor(ROUNDS / 2)] ?? 0
}

if (canPin()) pinThisProcess(SERVER_CORE)
for (const [name, way] of Object.entries(ways)) {
  console.log(`${name.padEnd(40)}${(await costOf(way)).toFixed(1).padStart(8)} CPU µs`)
}
