import {
  chmodSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  utimesSync,
  writeFileSync,
} from 'node:fs'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { describe, expect, onTestFinished, test } from 'vitest'
import { placeFindings, roomFinding } from '../../src/cli/doctor/disk.ts'
import { checkNode } from '../../src/cli/doctor/node.ts'
import type { Keyring, KeyringEntry } from '../../src/keys/keyring.ts'
import { sqlite } from '../../src/store/sqlite.ts'
import { consulate, emptyDirectory, installed, type Outcome, type Variables } from './run.ts'

/** A server that is run as it should be; nothing is ever found at its name (RFC 6761 section 6.4). */
const WELL: Variables = {
  CONSULATE_ISSUER: 'https://auth.example.invalid',
  CONSULATE_TRUSTED_PROXIES: '127.0.0.1',
  NODE_ENV: 'production',
}

/** Any text of this shape. */
const like = (shape: RegExp): string => expect.stringMatching(shape) as string

interface Finding {
  readonly check: string
  readonly level: 'ok' | 'warning' | 'problem'
  readonly text: string
  readonly fix: string | null
}

interface Diagnosis {
  readonly code: number | null
  readonly stderr: string
  /** What is not well. */
  readonly bad: readonly Finding[]
  readonly checks: ReadonlySet<string>
}

async function examine(cwd: string, env: Variables = WELL): Promise<Diagnosis> {
  const { code, stdout, stderr }: Outcome = await consulate(cwd, ['doctor', '--json'], { env })
  const { isWell, findings } = JSON.parse(stdout) as { isWell: boolean; findings: readonly Finding[] }
  expect(isWell).toBe(code === 0)
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

/** Writes other entries into the keyring. */
function rewrite(
  cwd: string,
  kind: keyof Keyring,
  change: <Entry extends KeyringEntry>(entries: readonly Entry[]) => readonly Entry[],
): void {
  const file = join(secrets(cwd), 'keyring.json')
  const keyring = JSON.parse(readFileSync(file, 'utf8')) as Keyring
  writeFileSync(file, JSON.stringify({ ...keyring, [kind]: change<KeyringEntry>(keyring[kind]) }))
}

const ago = (days: number): number => Date.now() - days * 86_400_000

/** The current entries, as if they had been made so many days ago. */
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

/** What is broken, how, and what the doctor must say of it. */
interface Ailment {
  readonly hurt?: (cwd: string) => void | Promise<void>
  readonly env?: Variables
  readonly found: readonly [check: string, level: string, text: RegExp, fix: RegExp]
}

const AILMENTS: Readonly<Record<string, Ailment>> = {
  'a key that everybody can read': {
    hurt: (cwd) => chmodSync(signingFile(cwd), 0o644),
    found: ['modes', 'problem', /everybody .* read .*\.pem/, /^chmod 600 .*\.pem$/],
  },
  'a keyring that the group can read': {
    hurt: (cwd) => chmodSync(join(secrets(cwd), 'keyring.json'), 0o640),
    found: ['modes', 'warning', /the group can read .*keyring\.json/, /^chmod 600 /],
  },
  'a database that everybody can read': {
    hurt: (cwd) => chmodSync(database(cwd), 0o644),
    found: ['modes', 'problem', /everybody .* read .*consulate\.db/, /^chmod 600 /],
  },
  'a folder of secrets that everybody can change': {
    hurt: (cwd) => chmodSync(secrets(cwd), 0o777),
    found: ['modes', 'problem', /everybody .* change what is in .*secrets/, /^chmod go-w /],
  },
  'no issuer': {
    env: { ...WELL, CONSULATE_ISSUER: '' },
    found: ['issuer', 'problem', /no issuer/, /CONSULATE_ISSUER/],
  },
  'an issuer without https': {
    env: { ...WELL, CONSULATE_ISSUER: 'http://auth.example.invalid' },
    found: ['configuration', 'problem', /issuer: must use https/, /the environment/],
  },
  'an issuer of this machine in production': {
    env: { ...WELL, CONSULATE_ISSUER: 'http://127.0.0.1:1' },
    found: ['issuer', 'problem', /this machine only/, /public URL/],
  },
  'an issuer of this machine': {
    env: { CONSULATE_ISSUER: 'http://127.0.0.1:1' },
    found: ['issuer', 'warning', /this machine only/, /public URL/],
  },
  'a mode that is not production': {
    env: { ...WELL, NODE_ENV: '' },
    found: ['issuer', 'warning', /NODE_ENV/, /NODE_ENV=production/],
  },
  'https without a trusted proxy': {
    env: { ...WELL, CONSULATE_TRUSTED_PROXIES: '' },
    found: ['proxy', 'problem', /in front of 127\.0\.0\.1/, /CONSULATE_TRUSTED_PROXIES/],
  },
  'everybody trusted as a proxy': {
    env: { ...WELL, CONSULATE_TRUSTED_PROXIES: '10.0.0.0/8,::/0' },
    found: ['proxy', 'problem', /^::\/0 trusts everybody/, /addresses of the proxies/],
  },
  'no secrets': {
    hurt: (cwd) => rmSync(secrets(cwd), { recursive: true }),
    found: ['secrets', 'problem', /there is no directory/, /consulate install/],
  },
  'a key file that is gone': {
    hurt: (cwd) => rmSync(signingFile(cwd)),
    found: ['secrets', 'problem', /cannot be read/, /restore them from the backup/],
  },
  'a signing key of 91 days': {
    hurt: (cwd) => rewrite(cwd, 'signing', aged(91)),
    found: ['keys', 'warning', /signing key in use is 91 days old/, /^consulate keys --rotate$/],
  },
  'a root secret of 366 days': {
    hurt: (cwd) => rewrite(cwd, 'secrets', aged(366)),
    found: ['keys', 'warning', /root secret in use is 366 days old/, /^consulate keys --rotate-secret$/],
  },
  'no next signing key': {
    hurt: (cwd) => rewrite(cwd, 'signing', (keys) => keys.filter(({ state }) => state === 'current')),
    found: ['keys', 'warning', /there is no next signing key/, /^consulate keys --rotate$/],
  },
  'a retired key that nothing needs': {
    hurt: (cwd) =>
      rewrite(cwd, 'signing', (keys) =>
        keys.map((key) => (key.state === 'next' ? { ...key, state: 'retired', retiredAt: ago(3) } : key)),
      ),
    found: ['keys', 'warning', /1 retired signing key is kept/, /^consulate keys --rotate$/],
  },
  'no database': {
    hurt: (cwd) => rmSync(database(cwd)),
    found: ['database', 'problem', /there is no .*consulate\.db/, /^consulate install$/],
  },
  'a database without tables': {
    hurt: (cwd) => (rmSync(database(cwd)), execute(cwd, 'pragma journal_mode = wal')),
    found: ['database', 'problem', /lacks tables .*0001-first-tables/, /^consulate migrate$/],
  },
  'a database of a later version': {
    hurt: (cwd) =>
      execute(cwd, "insert into consulate_migrations values ('0999-later', '2099-01-01T00:00:00.000Z')"),
    found: ['database', 'problem', /was migrated by a later version \(0999-later\)/, /run the version/],
  },
  'a database that is none': {
    hurt: (cwd) => writeFileSync(database(cwd), 'x'.repeat(10_000)),
    found: ['database', 'problem', /does not answer/, /whole and not locked/],
  },
  'a database that cannot be opened': {
    hurt: (cwd) => {
      rmSync(database(cwd))
      mkdirSync(database(cwd))
    },
    found: ['disk', 'problem', /cannot be opened/, /let this account write it and its folder/],
  },
  'a database in another mode than WAL': {
    hurt: (cwd) => execute(cwd, 'pragma journal_mode = delete'),
    found: ['disk', 'warning', /in delete mode/, /sets WAL mode itself/],
  },
  'a root secret that the database does not know': {
    hurt: claim,
    found: ['fingerprint', 'problem', /does not know the root secret/, /put back the secrets/],
  },
  'a database of the future': {
    hurt: (cwd) => utimesSync(database(cwd), new Date(), new Date(Date.now() + 3_600_000)),
    found: ['clock', 'problem', /written 3[56]\d\d seconds from now/, /NTP/],
  },
  'scopes that cannot be read': {
    env: { ...WELL, CONSULATE_SCOPES: 'orders:read' },
    found: ['configuration', 'problem', /CONSULATE_SCOPES/, /the environment/],
  },
}

describe('consulate doctor', () => {
  test('finds nothing where all is well, and ends with 0', async () => {
    const { code, stderr, bad, checks } = await examine(await installed())
    expect({ code, stderr, bad }).toEqual({ code: 0, stderr: '', bad: [] })
    const parts = ['configuration', 'issuer', 'proxy', 'secrets', 'keys', 'disk', 'database', 'fingerprint']
    expect([...checks].toSorted()).toEqual(['node', ...parts, 'modes', 'clock'].toSorted())
  })

  test.each(Object.entries(AILMENTS))('finds %s, and says how to fix it', async (_what, ailment) => {
    const cwd = await installed()
    await ailment.hurt?.(cwd)
    const { code, bad } = await examine(cwd, ailment.env)
    const [check, level, text, fix] = ailment.found
    const matching = { check, level, text: like(text) }
    expect(bad).toContainEqual({ ...matching, fix: like(fix) })
    expect(code).toBe(bad.some((finding) => finding.level === 'problem') ? 1 : 0)
    if (level === 'warning') expect(code).toBe(0)
  })

  test('finds a database that another process has locked', async () => {
    const cwd = await installed()
    const other = new DatabaseSync(database(cwd))
    other.exec('begin immediate')
    const { code, bad } = await examine(cwd)
    other.close()
    expect(code).toBe(1)
    expect(bad).toMatchObject([{ check: 'database', level: 'problem', fix: like(/lock/) }])
  })

  test('tells people the same in lines, and on standard error how many things must be mended', async () => {
    const cwd = await installed()
    chmodSync(signingFile(cwd), 0o644)
    const { code, stdout, stderr } = await consulate(cwd, ['doctor'], { env: WELL })
    expect(code).toBe(1)
    expect(stdout).toMatch(/^ {2}problem {2}modes +everybody .*\n +chmod 600 .*\.pem$/m)
    expect(stdout).toMatch(/^ {2}ok {7}database +/m)
    expect(stderr).toBe('one thing must be mended\n')
  })

  test('makes nothing where nothing is', async () => {
    const cwd = emptyDirectory()
    expect((await examine(cwd)).code).toBe(1)
    expect(readdirSync(cwd)).toEqual([])
  })

  test('reads a configuration file, and says of one that cannot be loaded why', async () => {
    const cwd = emptyDirectory()
    writeFileSync(join(cwd, 'consulate.config.mjs'), 'export default { issuer: "https://example.invalid" }')
    const { code, bad } = await examine(cwd)
    expect(code).toBe(1)
    const texts = bad.map(({ text }) => text).join('\n')
    for (const option of ['users', 'store']) expect(texts).toContain(`${option}: is missing`)
    writeFileSync(join(cwd, 'consulate.config.mjs'), 'export default {')
    expect((await examine(cwd)).bad).toMatchObject([{ check: 'configuration', level: 'problem' }])
  })
})

describe('consulate doctor asks the issuer', () => {
  /** Somebody who answers at the issuer, with a clock of theirs. */
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

  /** What is bad beside an issuer of this machine, which is meant here. */
  const badAt = async (issuer: string): Promise<readonly Finding[]> => {
    const { bad } = await examine(await installed(), { CONSULATE_ISSUER: issuer })
    return bad.filter(({ text }) => !text.includes('this machine only'))
  }

  test('and is content where it answers as itself, at the same time', async () => {
    expect(await badAt(await answerAs(undefined, 0))).toEqual([])
  })

  test.each<[string, number, string, RegExp]>([
    ['20 seconds ahead', 20_000, 'warning', /the clock is (19|20|21) seconds behind/],
    ['20 seconds behind', -20_000, 'warning', /the clock is (19|20|21) seconds ahead of/],
    ['10 minutes behind', -600_000, 'problem', /the clock is (599|600|601) seconds ahead of/],
  ])('and finds that its clock is %s', async (_what, ahead, level, text) => {
    const [finding, ...others] = await badAt(await answerAs(undefined, ahead))
    expect(finding).toEqual({
      check: 'clock',
      level,
      text: like(text),
      fix: like(/NTP/),
    })
    expect(others).toEqual([])
  })

  test('and finds that somebody else answers there', async () => {
    const bad = await badAt(await answerAs('https://somebody.invalid', 0))
    expect(bad).toMatchObject([{ check: 'issuer', level: 'problem' }])
    expect(bad[0]?.fix).toContain('consulate routes')
  })

  test('and finds that its paths are not handed on', async () => {
    const bad = await badAt(await answerAs(undefined, 0, 404))
    expect(bad).toMatchObject([{ check: 'issuer', level: 'warning' }])
    expect(bad[0]?.text).toMatch(/oauth-authorization-server answers 404$/)
  })
})

describe('what cannot be broken here is judged all the same', () => {
  test('a Node that is too old, and one that is not kept up', () => {
    expect(checkNode('24.11.0')).toMatchObject([{ level: 'ok' }])
    expect(checkNode('24.9.9')).toMatchObject([{ level: 'problem', fix: like(/Node 24/) }])
    expect(checkNode('25.1.0')).toMatchObject([{ level: 'warning' }])
    expect(checkNode('26.0.0')).toMatchObject([{ level: 'ok' }])
  })

  test('a network file system, and one that is in memory', () => {
    expect(placeFindings('data.db', 0x6969)).toMatchObject([{ level: 'problem', text: like(/NFS/) }])
    expect(placeFindings('data.db', 0xef53)).toEqual([])
    expect(placeFindings('data.db', 0x01021994)).toMatchObject([{ level: 'warning' }])
  })

  test('a disk that is nearly full', () => {
    expect(roomFinding('data.db', 50e6)).toMatchObject({ level: 'problem', fix: like(/free some room/) })
    expect(roomFinding('data.db', 500e6)).toMatchObject({ level: 'warning' })
    expect(roomFinding('data.db', 5e9)).toMatchObject({ level: 'ok' })
  })

  test('a database in memory', async () => {
    const cwd = emptyDirectory()
    const root = join(import.meta.dirname, '../..')
    expect(existsSync(join(root, 'src/index.ts'))).toBe(true)
    writeFileSync(
      join(cwd, 'consulate.config.mjs'),
      `import { builtInUsers, clientCredentials } from '${root}/src/index.ts'
       import { sqlite } from '${root}/src/store/sqlite.ts'
       import { secretsFromDirectory } from '${root}/src/keys/directory.ts'
       export default {
         issuer: 'https://auth.example.invalid', secrets: secretsFromDirectory('keys'), scopes: {},
         store: sqlite(':memory:'), users: builtInUsers(), grants: [clientCredentials()],
       }`,
    )
    const { bad } = await examine(cwd)
    expect(bad).toContainEqual(expect.objectContaining({ check: 'disk', level: 'problem' }))
    expect(bad).toContainEqual(expect.objectContaining({ check: 'proxy', level: 'warning' }))
  })
})
