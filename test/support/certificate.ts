import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/** A certificate that signs itself, and its key, in PEM. */
export interface Certificate {
  readonly cert: string
  readonly key: string
}

/** Creates a certificate for a domain and its subdomains. Returns undefined without `openssl`; throws with `CI=true`. */
export function createCertificate(domain: string): Certificate | undefined {
  const folder = mkdtempSync(join(tmpdir(), 'consulate-tls-'))
  const [key, cert] = [join(folder, 'key.pem'), join(folder, 'cert.pem')]
  const names = `subjectAltName=DNS:${domain},DNS:*.${domain}`
  const curve = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-days', '1']
  const args = [
    'req',
    '-x509',
    ...curve,
    '-subj',
    `/CN=${domain}`,
    '-addext',
    names,
    '-keyout',
    key,
    '-out',
    cert,
  ]
  try {
    execFileSync('openssl', args, { stdio: 'ignore' })
    return { cert: readFileSync(cert, 'utf8'), key: readFileSync(key, 'utf8') }
  } catch (cause) {
    if (process.env['CI'] === 'true') throw cause
    console.warn('openssl was not found. Run `apt-get install openssl`. The tests over https are skipped.')
    return undefined
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}
