import {
  chmodSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  utimesSync,
  writeFileSync,
} from 'node:fs'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { describe, expect, onTestFinished, test } from 'vitest'
import { fileSystemFindings, spaceFinding } from '../../src/cli/doctor/disk.ts'
import { checkNode } from '../../src/cli/doctor/node.ts'
import type { Keyring, KeyringEntry } from '../../src/keys/keyring.ts'
import { sqlite } from '../../src/store/sqlite.ts'
import { sampleOf } from '../support/dose.ts'
import { hasTerminal, onTerminal } from './on-terminal.ts'
import { consulate, emptyDirectory, installed, linkPackage, type Outcome, type Variables } from './run.ts'

/** A healthy server. Nothing is ever found at its name (RFC 6761 section 6.4). */
const HEALTHY: Variables = {
  CONSULATE_ISSUER: 'https://auth.example.invalid',
  CONSULATE_TRUSTED_PROXIES: '127.0.0.1',
  NODE_ENV: 'production',
}

/** Matches any text of a pattern. */
const like = (pattern: RegExp): string => expect.stringMatching(pattern) as string

interface Finding {
  readonly check: string
  readonly level: 'ok' | 'warning' | 'problem'
  readonly message: string
  readonly fix: string | null
}

interface Diagnosis {
  readonly code: number | null
  readonly stderr: string
  /** Warnings and problems. */
  readonly bad: readonly Finding[]
  readonly checks: ReadonlySet<string>
}

async function runDoctor(cwd: string, env: Variables = HEALTHY): Promise<Diagnosis> {
  const { code, stdout, stderr }: Outcome = await consulate(cwd, ['doctor', '--json'], { env })
  const { ok, findings } = JSON.parse(stdout) as { ok: boolean; findings: readonly Finding[] }
  expect(ok).toBe(code === 0)
  return {
    code,
    stderr,
    bad: findings.filter(({ level }) => level !== 'ok'),
    checks: new Set(findings.map(({ check }) => check)),
  }
}

const database = (cwd: string): string => join(cwd, 'data/consulate.db')
const secrets = (cwd: string): string => join(cwd, 'data/secrets')

function signingFile(cwd: string): string {
  const name = readdirSync(secrets(cwd)).find((file) => file.endsWith('.pem'))
  return join(secrets(cwd), name ?? '')
}

/** Changes the entries of the keyring. */
function changeKeyring(
  cwd: string,
  kind: keyof Keyring,
  change: <Entry extends KeyringEntry>(entries: readonly Entry[]) => readonly Entry[],
): void {
  const file = join(secrets(cwd), 'keyring.json')
  const keyring = JSON.parse(readFileSync(file, 'utf8')) as Keyring
  writeFileSync(file, JSON.stringify({ ...keyring, [kind]: change<KeyringEntry>(keyring[kind]) }))
}

const ago = (days: number): number => Date.now() - days * 86_400_000

/** Makes the current keys look this old. */
const aged =
  (days: number) =>
  <Entry extends KeyringEntry>(entries: readonly Entry[]): readonly Entry[] =>
    entries.map((entry) => (entry.state === 'current' ? { ...entry, createdAt: ago(days) } : entry))

function execute(cwd: string, sql: string): void {
  const open = new DatabaseSync(database(cwd))
  open.exec(sql)
  open.close()
}

async function claim(cwd: string): Promise<void> {
  const store = sqlite(database(cwd))
  await store.fingerprints.addFirst('that of another secret', Date.now())
  await store.close()
}

/** How to break something, and what the doctor must say about it. */
interface Fault {
  readonly breakIt?: (cwd: string) => void | Promise<void>
  readonly env?: Variables
  readonly found: readonly [check: string, level: string, message: RegExp, fix: RegExp]
}

const FAULTS: Readonly<Record<string, Fault>> = {
  'a key that everyone can read': {
    breakIt: (cwd) => chmodSync(signingFile(cwd), 0o644),
    found: [
      'permissions',
      'problem',
      /^every account .* can read data\/.*\.pem$/,
      /^Run `chmod 600 data\/.*\.pem`\.$/,
    ],
  },
  'a keyring that the group can read': {
    breakIt: (cwd) => chmodSync(join(secrets(cwd), 'keyring.json'), 0o640),
    found: ['permissions', 'warning', /group can read .*keyring\.json$/, /`chmod 600 /],
  },
  'a database that everyone can read': {
    breakIt: (cwd) => chmodSync(database(cwd), 0o644),
    found: ['permissions', 'problem', /^every account .* can read .*consulate\.db$/, /`chmod 600 /],
  },
  'a secrets directory that everyone can write to': {
    breakIt: (cwd) => chmodSync(secrets(cwd), 0o777),
    found: ['permissions', 'problem', /^every account .* can replace files in .*secrets$/, /`chmod go-w /],
  },
  'a readable database in a directory with a space': {
    breakIt: (cwd) => {
      renameSync(join(cwd, 'data'), join(cwd, "the owner's data"))
      chmodSync(join(cwd, "the owner's data/consulate.db"), 0o644)
    },
    env: { ...HEALTHY, CONSULATE_DATA: "the owner's data" },
    found: [
      'permissions',
      'problem',
      /consulate\.db$/,
      /`chmod 600 'the owner'\\''s data\/consulate\.db'`\.$/,
    ],
  },
  'no issuer': {
    env: { ...HEALTHY, CONSULATE_ISSUER: '' },
    found: ['configuration', 'warning', /^no consulate\.config\.ts .* CONSULATE_ISSUER/, /in your app/],
  },
  'an issuer without https': {
    env: { ...HEALTHY, CONSULATE_ISSUER: 'http://auth.example.invalid' },
    found: ['configuration', 'problem', /issuer: must use https/, /the environment/],
  },
  'a loopback issuer in production': {
    env: { ...HEALTHY, CONSULATE_ISSUER: 'http://127.0.0.1:1' },
    found: ['issuer', 'problem', /this machine only/, /public URL/],
  },
  'a NODE_ENV other than production': {
    env: { ...HEALTHY, NODE_ENV: '' },
    found: ['issuer', 'warning', /NODE_ENV/, /NODE_ENV=production/],
  },
  'https without a trusted proxy': {
    env: { ...HEALTHY, CONSULATE_TRUSTED_PROXIES: '' },
    found: ['proxy', 'problem', /in front of 127\.0\.0\.1/, /CONSULATE_TRUSTED_PROXIES/],
  },
  'a trusted proxy range of every address': {
    env: { ...HEALTHY, CONSULATE_TRUSTED_PROXIES: '10.0.0.0/8,::/0' },
    found: ['proxy', 'problem', /^::\/0 trusts every address/, /addresses of your proxies/],
  },
  'no secrets': {
    breakIt: (cwd) => rmSync(secrets(cwd), { recursive: true }),
    found: ['secrets', 'problem', /^the directory .* does not exist$/, /^Run `consulate install` to /],
  },
  'a sealing secret that is too short': {
    env: { ...HEALTHY, CONSULATE_SEALING_SECRET: 'short' },
    found: ['secrets', 'problem', /at least 43/, /^Change CONSULATE_SEALING_SECRET\.$/],
  },
  'a missing key file': {
    breakIt: (cwd) => rmSync(signingFile(cwd)),
    found: ['secrets', 'problem', /cannot read/, /restore them from a backup/],
  },
  'a signing key of 91 days': {
    breakIt: (cwd) => changeKeyring(cwd, 'signing', aged(91)),
    found: ['keys', 'warning', /current signing key is 91 days old/, /^Run `consulate keys --rotate`\.$/],
  },
  'a root secret of 366 days': {
    breakIt: (cwd) => changeKeyring(cwd, 'secrets', aged(366)),
    found: ['keys', 'warning', /root secret is 366 days old/, /^Run `consulate keys --rotate-secret`\.$/],
  },
  'no next signing key': {
    breakIt: (cwd) =>
      changeKeyring(cwd, 'signing', (keys) => keys.filter(({ state }) => state === 'current')),
    found: ['keys', 'warning', /there is no next signing key/, /^Run `consulate keys --rotate`\.$/],
  },
  'a retired key that no token needs': {
    breakIt: (cwd) =>
      changeKeyring(cwd, 'signing', (keys) =>
        keys.map((key) => (key.state === 'next' ? { ...key, state: 'retired', retiredAt: ago(3) } : key)),
      ),
    found: ['keys', 'warning', /1 retired signing key is kept/, /^Run `consulate keys --rotate`\.$/],
  },
  'no database': {
    breakIt: (cwd) => rmSync(database(cwd)),
    found: ['database', 'problem', /^data\/consulate\.db does not exist$/, /^Run `consulate install`\.$/],
  },
  'a database without tables': {
    breakIt: (cwd) => (rmSync(database(cwd)), execute(cwd, 'pragma journal_mode = wal')),
    found: ['database', 'problem', /pending \(0001-first-tables/, /^Run `consulate migrate`\.$/],
  },
  'a database of a later version': {
    breakIt: (cwd) =>
      execute(
        cwd,
        "insert into consulate_migrations values ('0999-breaking-later', '2099-01-01T00:00:00.000Z')",
      ),
    found: ['database', 'problem', /0999-breaking-later/, /later version/],
  },
  'a corrupt database': {
    breakIt: (cwd) => writeFileSync(database(cwd), 'x'.repeat(10_000)),
    found: ['database', 'problem', /cannot be read/, /not corrupt or locked/],
  },
  'a database that cannot be opened': {
    breakIt: (cwd) => {
      rmSync(database(cwd))
      mkdirSync(database(cwd))
    },
    found: ['disk', 'problem', /cannot be opened/, /write to the file and its directory/],
  },
  'a database in another mode than WAL': {
    breakIt: (cwd) => execute(cwd, 'pragma journal_mode = delete'),
    found: ['disk', 'warning', /in delete mode/, /sets WAL mode/],
  },
  'a root secret that the database does not know': {
    breakIt: claim,
    found: ['fingerprint', 'problem', /used with another root secret/, /^Restore the secrets/],
  },
  'a database that was written in the future': {
    breakIt: (cwd) => utimesSync(database(cwd), new Date(), new Date(Date.now() + 3_600_000)),
    found: ['clock', 'problem', /written 3[56]\d\d seconds in the future/, /NTP/],
  },
  'scopes that cannot be parsed': {
    env: { ...HEALTHY, CONSULATE_SCOPES: 'orders:read' },
    found: ['configuration', 'problem', /CONSULATE_SCOPES/, /environment variables/],
  },
}

describe('consulate doctor', () => {
  test('finds no fault in a healthy server, and exits with 0', async () => {
    const { code, stderr, bad, checks } = await runDoctor(await installed())
    expect({ code, stderr, bad }).toEqual({ code: 0, stderr: '', bad: [] })
    const parts = ['configuration', 'issuer', 'proxy', 'secrets', 'keys', 'disk', 'database', 'fingerprint']
    expect([...checks].toSorted()).toEqual(['node', ...parts, 'permissions', 'clock'].toSorted())
  })

  test.each(Object.entries(FAULTS))('finds %s, and says how to fix it', async (_what, fault) => {
    const cwd = await installed()
    await fault.breakIt?.(cwd)
    const { code, bad } = await runDoctor(cwd, fault.env)
    const [check, level, message, fix] = fault.found
    expect(bad).toContainEqual({ check, level, message: like(message), fix: like(fix) })
    expect(code).toBe(bad.some((finding) => finding.level === 'problem') ? 1 : 0)
    if (level === 'warning') expect(code).toBe(0)
  })

  test('finds a database that another process has locked', async () => {
    const cwd = await installed()
    const other = new DatabaseSync(database(cwd))
    other.exec('begin immediate')
    const { code, bad } = await runDoctor(cwd)
    other.close()
    expect(code).toBe(1)
    expect(bad).toMatchObject([{ check: 'database', level: 'problem', fix: like(/lock/) }])
  })

  test('prints sentences with a mark, and the number of problems on standard error', async () => {
    const cwd = await installed()
    const healthy = await consulate(cwd, ['doctor'], { env: HEALTHY })
    expect(healthy.stdout).toMatch(/^✓ Clock: in sync \(database, keys\)\n\nNo problems found\.\n$/m)
    chmodSync(signingFile(cwd), 0o644)
    const { code, stdout, stderr } = await consulate(cwd, ['doctor'], { env: HEALTHY })
    expect(code).toBe(1)
    expect(stdout.replaceAll(/\n {2}/g, ' ')).toMatch(
      /^✗ Permissions: every account on this machine can read \S+\.pem\. Run `chmod 600 \S+\.pem`\.$/m,
    )
    expect(stderr).toBe('1 problem found.\n')
  })

  test('counts warnings after the findings', async () => {
    const { code, stdout } = await consulate(await installed(), ['doctor'])
    expect([code, stdout]).toEqual([0, expect.stringMatching(/\n\nNo problems found, but 1 warning\.\n$/)])
  })

  test('reports a missing configuration file in one sentence', async () => {
    const { code, stdout } = await consulate(emptyDirectory(), ['doctor', '--config', 'nowhere.ts'])
    expect(code).toBe(1)
    expect(stdout).toMatch(/^✗ Configuration: Configuration file nowhere\.ts does not exist\.$/m)
  })

  test('checks only the data directory if the settings are in the code of an app', async () => {
    const { code, bad, checks } = await runDoctor(await installed(), {})
    expect([code, bad.map(({ check, level }) => [check, level])]).toEqual([0, [['configuration', 'warning']]])
    expect(checks).toContain('database')
    const nothing = await runDoctor(emptyDirectory(), {})
    expect([nothing.code, nothing.bad.length]).toEqual([1, 1])
    expect(nothing.bad[0]?.fix).toContain('consulate init')
    expect(nothing.checks).not.toContain('secrets')
  })

  test('creates nothing', async () => {
    const cwd = emptyDirectory()
    expect((await runDoctor(cwd)).code).toBe(1)
    expect(readdirSync(cwd)).toEqual([])
  })

  test('reads a configuration file, and says why one cannot be loaded', async () => {
    const cwd = emptyDirectory()
    writeFileSync(join(cwd, 'consulate.config.mjs'), 'export default { issuer: "https://example.invalid" }')
    const { code, bad } = await runDoctor(cwd)
    expect(code).toBe(1)
    const messages = bad.map(({ message }) => message).join('\n')
    for (const option of ['users', 'store']) expect(messages).toContain(`${option}: is missing`)
    writeFileSync(join(cwd, 'consulate.config.mjs'), 'export default {')
    expect((await runDoctor(cwd)).bad).toMatchObject([{ check: 'configuration', level: 'problem' }])
  })
})

describe.runIf(hasTerminal)('consulate doctor on a terminal', () => {
  test.each(sampleOf([40, 80]))('breaks lines between words only at %i columns', async (columns) => {
    const cwd = await installed()
    chmodSync(signingFile(cwd), 0o644)
    const { end } = onTerminal(cwd, 'doctor', { columns })
    const lines = (await end()).screen.split('\r\n')
    const tooLong = lines.filter((line) => line.length > columns && line.trim().includes(' '))
    expect(tooLong).toEqual([])
    expect(lines.join(' ').replaceAll(/\s+/g, ' ')).toContain('can read data/secrets/signing-')
  })
})

describe('the marks of consulate doctor have colors', () => {
  const GREEN_MARK = '\u001B[32m✓\u001B[39m Node'

  test.each<[string, Variables, boolean]>([
    ['not in a pipe', {}, false],
    ['in a pipe with FORCE_COLOR', { FORCE_COLOR: '1' }, true],
  ])('%s', async (_where, env, hasColors) => {
    const { stdout } = await consulate(await installed(), ['doctor'], { env: { ...HEALTHY, ...env } })
    expect([stdout.includes(GREEN_MARK), stdout.includes('\u001B')]).toEqual([hasColors, hasColors])
  })

  test.runIf(hasTerminal).each<[string, Variables, boolean]>([
    ['on a terminal', {}, true],
    ['not on a terminal with NO_COLOR', { NO_COLOR: '1' }, false],
  ])('%s', async (_where, env, hasColors) => {
    const { raw } = await onTerminal(await installed(), 'doctor', { env }).end()
    expect([raw.includes(GREEN_MARK), raw.includes('\u001B')]).toEqual([hasColors, hasColors])
  })
})

describe('consulate doctor requests the metadata of the issuer', () => {
  /** Starts a server at the issuer, with its own clock. */
  async function answerAs(issuer: string | undefined, ahead: number, status = 200): Promise<string> {
    const server: Server = createServer((_request, response) => {
      const date = new Date(Date.now() + ahead).toUTCString()
      const body = JSON.stringify({ issuer: issuer ?? origin })
      response.writeHead(status, { Date: date, 'Content-Type': 'application/json' }).end(body)
    })
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    onTestFinished(() => void server.close())
    const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
    return origin
  }

  const badAt = async (issuer: string): Promise<readonly Finding[]> =>
    (await runDoctor(await installed(), { CONSULATE_ISSUER: issuer })).bad

  test('and finds no fault in its own, at the same time', async () => {
    expect(await badAt(await answerAs(undefined, 0))).toEqual([])
  })

  test.each<[string, number, string, RegExp]>([
    ['20 seconds ahead', 20_000, 'warning', /^(19|20|21) seconds behind the issuer/],
    ['20 seconds behind', -20_000, 'warning', /^(19|20|21) seconds ahead of the issuer/],
    ['10 minutes behind', -600_000, 'problem', /^(599|600|601) seconds ahead of the issuer/],
  ])('and finds that its clock is %s', async (_what, ahead, level, message) => {
    const [finding, ...others] = await badAt(await answerAs(undefined, ahead))
    expect(finding).toEqual({
      check: 'clock',
      level,
      message: like(message),
      fix: like(/NTP/),
    })
    expect(others).toEqual([])
  })

  test('and finds that another server answers there', async () => {
    const bad = await badAt(await answerAs('https://other.invalid', 0))
    expect(bad).toMatchObject([{ check: 'issuer', level: 'problem' }])
    expect(bad[0]?.fix).toContain('consulate routes')
  })

  test('and finds that the proxy does not forward its path', async () => {
    const bad = await badAt(await answerAs(undefined, 0, 404))
    expect(bad).toMatchObject([{ check: 'issuer', level: 'warning' }])
    expect(bad[0]?.message).toMatch(/oauth-authorization-server responds with 404$/)
  })
})

describe('checks of what a test cannot break', () => {
  test('a Node that is too old, or without long-term support', () => {
    expect(checkNode('24.11.0')).toMatchObject([{ level: 'ok' }])
    expect(checkNode('24.9.9')).toMatchObject([{ level: 'problem', fix: like(/Node 24/) }])
    expect(checkNode('25.1.0')).toMatchObject([{ level: 'warning' }])
    expect(checkNode('26.0.0')).toMatchObject([{ level: 'ok' }])
  })

  test('a network file system, or one in memory', () => {
    expect(fileSystemFindings('data.db', 0x6969)).toMatchObject([{ level: 'problem', message: like(/NFS/) }])
    expect(fileSystemFindings('data.db', 0xef53)).toEqual([])
    expect(fileSystemFindings('data.db', 0x01021994)).toMatchObject([{ level: 'warning' }])
  })

  test('a disk that is nearly full', () => {
    expect(spaceFinding('data.db', 50e6)).toMatchObject({ level: 'problem', fix: like(/Free up disk space/) })
    expect(spaceFinding('data.db', 500e6)).toMatchObject({ level: 'warning' })
    expect(spaceFinding('data.db', 5e9)).toMatchObject({ level: 'ok' })
  })

  test('a database in memory', async () => {
    const cwd = emptyDirectory()
    await linkPackage(cwd)
    writeFileSync(
      join(cwd, 'consulate.config.mjs'),
      `import { builtInUsers, clientCredentials, secretsFromDirectory } from 'consulate'
       import { sqlite } from 'consulate/sqlite'
       export default {
         issuer: 'https://auth.example.invalid', secrets: secretsFromDirectory('keys'), scopes: {},
         store: sqlite(':memory:'), users: builtInUsers(), grants: [clientCredentials()],
       }`,
    )
    const { bad } = await runDoctor(cwd)
    expect(bad).toContainEqual(expect.objectContaining({ check: 'disk', level: 'problem' }))
    expect(bad).toContainEqual(expect.objectContaining({ check: 'proxy', level: 'warning' }))
  })
})
