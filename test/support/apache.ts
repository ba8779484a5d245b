import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { chmod, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { isAvailable } from './available.ts'
import { freePort } from './free-port.ts'
import { stopOnExit } from './run-processes.ts'
import { waitUntilReady } from './wait-until-ready.ts'

const MODULES = '/usr/lib/apache2/modules'
const ADVICE = 'Apache was not found. Run `apt-get install apache2-bin libapache2-mod-auth-openidc`.'

/** Whether Apache is installed with mod_auth_openidc. If not, throws with `CI=true`, so that no test is skipped unnoticed. */
export const hasApache = findApache()

function findApache(): boolean {
  const isPresent =
    spawnSync('apache2', ['-v']).status === 0 && existsSync(join(MODULES, 'mod_auth_openidc.so'))
  if (!isPresent && process.env['CI'] === 'true') throw new Error(ADVICE)
  return isAvailable(isPresent, `${ADVICE} Its tests are skipped.`)
}

/** An Apache of a test, which serves `/orders`. */
export interface Apache {
  readonly origin: string
  stop(): Promise<void>
}

/** Starts Apache on a free loopback port, in a folder of its own, with a configuration from the guide. */
export async function startApache(configuration: string): Promise<Apache> {
  const [port, folder] = [await freePort(), await mkdtemp(join(tmpdir(), 'apache-'))]
  await mkdir(join(folder, 'pages'))
  await writeFile(join(folder, 'pages/orders'), 'tea')
  await writeFile(join(folder, 'httpd.conf'), commonConfiguration(folder, port) + configuration)
  // As root, Apache drops its privileges.
  await chmod(folder, 0o755)
  const child = spawn('apache2', ['-X', '-f', join(folder, 'httpd.conf')], { stdio: 'ignore' })
  stopOnExit(child, 'SIGKILL')
  const origin = `http://127.0.0.1:${port}`
  const responds = (): Promise<boolean> =>
    fetch(origin).then(
      () => true,
      () => false,
    )
  await waitUntilReady('Apache', child, responds)
  return {
    origin,
    async stop() {
      const ended = once(child, 'exit')
      child.kill('SIGKILL')
      await ended
      await rm(folder, { recursive: true, force: true })
    },
  }
}

const commonConfiguration = (folder: string, port: string): string => `
ServerRoot "${folder}"
PidFile "${folder}/httpd.pid"
Listen 127.0.0.1:${port}
ServerName 127.0.0.1
DocumentRoot "${folder}/pages"
ErrorLog "${folder}/errors"
User nobody
Group nogroup
${['mpm_event', 'authn_core', 'authz_core', 'authz_user', 'auth_openidc', 'headers']
  .map((name) => `LoadModule ${name}_module ${MODULES}/mod_${name}.so`)
  .join('\n')}
Header always set X-Remote-User "expr=%{REMOTE_USER}"
`
