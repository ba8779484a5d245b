import { execFileSync } from 'node:child_process'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { parse, parseAllDocuments } from 'yaml'
import { randomBase64url } from '../../src/lib/hash.ts'
import { consulate, emptyDirectory, serve, type RunningServer } from '../cli/run.ts'
import { isAvailable } from '../support/available.ts'
import { findProgram } from '../support/database-server.ts'

const FOLDER = 'examples/deploy'
const read = (name: string): string => readFileSync(join(FOLDER, name), 'utf8')

interface ComposeService {
  readonly environment?: Readonly<Record<string, string>>
  readonly read_only?: boolean
  readonly stop_grace_period?: string
  readonly depends_on?: readonly string[]
  readonly healthcheck: { readonly test: readonly string[] }
}

interface Probe {
  readonly httpGet: { readonly path: string; readonly port: string }
  readonly timeoutSeconds?: number
}

interface SecurityContext {
  readonly runAsNonRoot?: boolean
  readonly runAsUser?: number
  readonly seccompProfile?: { readonly type: string }
  readonly allowPrivilegeEscalation?: boolean
  readonly readOnlyRootFilesystem?: boolean
  readonly capabilities?: { readonly drop: readonly string[] }
}

interface Container {
  readonly securityContext: SecurityContext
  readonly ports: readonly { readonly name: string; readonly containerPort: number }[]
  readonly livenessProbe: Probe
  readonly readinessProbe: Probe
  readonly startupProbe: Probe
}

interface Resource {
  readonly kind: string
  readonly data?: Readonly<Record<string, string>>
  readonly stringData?: Readonly<Record<string, string>>
  readonly spec: {
    readonly replicas: number
    readonly selector: { readonly matchLabels: object }
    readonly minAvailable: number
    readonly template: {
      readonly metadata: { readonly labels: object }
      readonly spec: {
        readonly terminationGracePeriodSeconds: number
        readonly securityContext: SecurityContext
        readonly containers: readonly Container[]
      }
    }
  }
}

const compose = parse(read('docker-compose.yml'), { merge: true }) as {
  readonly services: Readonly<Record<string, ComposeService>>
}
const resources = parseAllDocuments(read('kubernetes.yaml')).map((document) => document.toJS() as Resource)
const ofKind = (kind: string): Resource => resources.find((one) => one.kind === kind) ?? expect.fail(kind)
const deployment = ofKind('Deployment').spec
const [container = expect.fail()] = deployment.template.spec.containers
const node = compose.services['auth-1'] ?? expect.fail()
const reference = readFileSync('docs/reference/command-line.md', 'utf8')

/** The arguments after the program in a command line. */
const argumentsOf = (line: string): readonly string[] =>
  (/consulate\.js["']?,?\s+(.*?)\]?$/m.exec(line)?.[1] ?? '').split(/[\s,"]+/).filter(Boolean)

const [, command = ''] = /^CMD \[(.*)$/m.exec(read('Dockerfile')) ?? []

describe('the files for a deployment', () => {
  test('name only variables that the program reads and the reference explains', () => {
    const names = readdirSync(FOLDER).flatMap((name) => read(name).match(/CONSULATE_[A-Z_]+/g) ?? [])
    const program = execFileSync('grep', ['-rhoE', 'CONSULATE_[A-Z_]+', 'src'], { encoding: 'utf8' }).split(
      '\n',
    )
    expect(new Set(names).size).toBeGreaterThan(6)
    for (const name of new Set(names)) {
      expect(program).toContain(name)
      expect(reference).toContain(name)
    }
  })

  test('give the servers the same port, and the time to drain and to finish requests', () => {
    const port = Number(/`PORT`, else (\d+)/.exec(reference)?.[1])
    expect(container.ports).toEqual([{ name: 'http', containerPort: port }])
    expect(read('Dockerfile')).toContain(`EXPOSE ${port}\n`)
    expect(read('Caddyfile')).toContain(`auth-1:${port} auth-2:${port}`)
    const drain = Number(ofKind('ConfigMap').data?.['CONSULATE_DRAIN'])
    expect(deployment.template.spec.terminationGracePeriodSeconds).toBeGreaterThanOrEqual(drain + 15)
    const seconds = Number.parseInt(node.stop_grace_period ?? '', 10)
    expect(seconds).toBeGreaterThanOrEqual(Number(node.environment?.['CONSULATE_DRAIN']) + 15)
    expect(Number(/TimeoutStopSec=(\d+)/.exec(read('consulate.service'))?.[1])).toBeGreaterThan(15)
    expect(container.readinessProbe.timeoutSeconds).toBeGreaterThan(2)
  })

  test('run two nodes whose files cannot be written, and a selector that finds them', () => {
    expect(compose.services['auth-2']).toEqual(node)
    expect(node.read_only).toBe(true)
    expect(deployment.replicas).toBeGreaterThan(ofKind('PodDisruptionBudget').spec.minAvailable)
    const labels = { app: 'auth' }
    expect(deployment.template.metadata.labels).toEqual(labels)
    expect(deployment.selector.matchLabels).toEqual(labels)
    expect(ofKind('PodDisruptionBudget').spec.selector.matchLabels).toEqual(labels)
    expect(ofKind('Service').spec.selector).toEqual(labels)
  })

  test('stop the proxy before the nodes, and the nodes before the database', () => {
    expect(compose.services['proxy']?.depends_on).toEqual(['auth-1', 'auth-2'])
    expect(node.depends_on).toEqual(['postgres'])
  })

  test('let the proxy try the other node after a connection attempt that got no answer', () => {
    const seconds = (name: string): number =>
      Number(new RegExp(`${name} (\\d+)s`).exec(read('Caddyfile'))?.[1])
    expect(seconds('lb_try_duration')).toBeGreaterThan(2 * seconds('dial_timeout'))
  })

  test('run pods that the restricted pod security standard allows, as the user of the image', () => {
    expect(deployment.template.spec.securityContext).toEqual({
      runAsNonRoot: true,
      runAsUser: 1000,
      seccompProfile: { type: 'RuntimeDefault' },
    })
    expect(container.securityContext).toEqual({
      allowPrivilegeEscalation: false,
      readOnlyRootFilesystem: true,
      capabilities: { drop: ['ALL'] },
    })
    expect(read('Dockerfile')).toMatch(/^USER node$/m)
  })

  test('have commands that start a server, which answers the probes and writes no file', async () => {
    const [cwd, data] = [emptyDirectory(), emptyDirectory()]
    const environment = {
      ...ofKind('ConfigMap').data,
      ...ofKind('Secret').stringData,
      CONSULATE_DRAIN: '0',
      CONSULATE_SEALING_SECRET: randomBase64url(32),
      CONSULATE_DATABASE_URL: `sqlite:${data}/consulate.db`,
    }
    const [name, ...flags] = argumentsOf(command)
    expect([name, ...flags]).toEqual(['serve', '--host', '0.0.0.0'])
    const server = await serve(cwd, ['--host', '127.0.0.1'], environment)
    const health = node.healthcheck.test.at(-1) ?? ''
    expect(node.healthcheck.test).toEqual(['CMD', 'node', '-e', health])
    expect(health).toContain(`http://127.0.0.1:3000${container.readinessProbe.httpGet.path}`)
    execFileSync(process.execPath, ['-e', health.replace('http://127.0.0.1:3000', server.origin)])
    for (const path of probePaths()) expect((await fetch(server.origin + path)).status).toBe(200)
    expect((await server.stop()).code).toBe(0)
    expect(readdirSync(cwd)).toEqual([])
  })

  test('have a unit whose commands work, in its data directory', async () => {
    const unit = read('consulate.service')
    const [cwd, data] = [emptyDirectory(), emptyDirectory()]
    const environment = {
      CONSULATE_ISSUER: 'https://auth.example.com',
      CONSULATE_DATA: data,
      NODE_ENV: 'production',
    }
    const install = argumentsOf(/^ExecStartPre=.*$/m.exec(unit)?.[0] ?? '')
    for (let count = 0; count < 2; count += 1)
      expect((await consulate(cwd, install, { env: environment })).code).toBe(0)
    const [name, ...flags] = argumentsOf(/^ExecStart=.*$/m.exec(unit)?.[0] ?? '')
    expect(name).toBe('serve')
    const server: RunningServer = await serve(cwd, flags, environment)
    expect((await fetch(`${server.origin}/oauth/health/ready`)).status).toBe(200)
    expect((await server.stop()).code).toBe(0)
    expect(readdirSync(cwd)).toEqual([])
    expect(readdirSync(data).toSorted()).toEqual(['consulate.db', 'secrets'])
  })

  const analyze = findProgram('systemd-analyze')

  test.skipIf(!isAvailable(analyze !== undefined, 'Install systemd to check the unit.'))(
    'have a unit that systemd accepts, and rates as well sandboxed',
    () => {
      const file = join(emptyDirectory(), 'consulate.service')
      execFileSync('sh', [
        '-c',
        'sed "s#=/usr/bin/node#=$1#" "$2" > "$3"',
        'sh',
        process.execPath,
        `${FOLDER}/consulate.service`,
        file,
      ])
      const output = execFileSync('sh', ['-c', '"$1" verify --man=no "$2" 2>&1', 'sh', analyze ?? '', file], {
        encoding: 'utf8',
      })
      expect(output).toBe('')
      // Ten times the exposure level: above 2.0, it exits with 1.
      execFileSync(analyze ?? '', ['security', '--offline=true', '--threshold=20', file])
    },
  )
})

const probePaths = (): readonly string[] => [
  container.startupProbe.httpGet.path,
  container.livenessProbe.httpGet.path,
  container.readinessProbe.httpGet.path,
  /health_uri (\S+)/.exec(read('Caddyfile'))?.[1] ?? '',
]
